/**
 * @module Finds the small changes of a source file that its tests should notice: conditions turned
 * round, statements left out, bounds moved by one, and so on.
 */

import ts from 'typescript-5.6';

/** A change of a source file: what stands from `start` to `end` is replaced. */
export interface Mutant {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  readonly line: number;
  /** What was changed, on one line. */
  readonly title: string;
}

/** A node that is replaced. */
type Change = readonly [node: ts.Node, replacement: string];

const operators: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.LessThanToken, '<='],
  [ts.SyntaxKind.LessThanEqualsToken, '<'],
  [ts.SyntaxKind.GreaterThanToken, '>='],
  [ts.SyntaxKind.GreaterThanEqualsToken, '>'],
  [ts.SyntaxKind.EqualsEqualsEqualsToken, '!=='],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, '==='],
  [ts.SyntaxKind.AmpersandAmpersandToken, '||'],
  [ts.SyntaxKind.BarBarToken, '&&'],
  [ts.SyntaxKind.PlusToken, '-'],
  [ts.SyntaxKind.MinusToken, '+'],
  [ts.SyntaxKind.AsteriskToken, '/'],
  [ts.SyntaxKind.SlashToken, '*'],
  [ts.SyntaxKind.PlusEqualsToken, '-='],
  [ts.SyntaxKind.MinusEqualsToken, '+='],
]);

/** All mutants of a source file, in their order in the file. */
export function findMutants(name: string, text: string): Mutant[] {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.ES2023, true);
  const mutants = new Map<string, Mutant>();
  const visit = (node: ts.Node): void => {
    if (isWithoutCode(node)) return;
    for (const [changed, replacement] of changesOf(node)) {
      const start = changed.getStart(file);
      const end = changed.getEnd();
      const line = file.getLineAndCharacterOfPosition(start).line + 1;
      const title = `${onOneLine(text.slice(start, end))}  ->  ${onOneLine(replacement) || '(nothing)'}`;
      mutants.set(`${start}-${end}: ${replacement}`, { start, end, replacement, line, title });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return [...mutants.values()].sort((one, other) => one.start - other.start);
}

/** The source file with the mutant in place. */
export function applyMutant(text: string, { start, end, replacement }: Mutant): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

/** Types are the compiler's business, and the words of an error message nobody's. */
function isWithoutCode(node: ts.Node): boolean {
  return (
    ts.isTypeNode(node) ||
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node)
  );
}

function* changesOf(node: ts.Node): Iterable<Change> {
  if (ts.isIfStatement(node)) yield* conditionChanges(node.expression);
  else if (ts.isConditionalExpression(node)) yield [node.condition, `!(${textOf(node.condition)})`];
  else if (ts.isWhileStatement(node)) yield [node.expression, 'false'];
  else if (ts.isForStatement(node) && node.condition) yield [node.condition, 'false'];
  else if (ts.isBinaryExpression(node)) yield* binaryChanges(node);
  else if (ts.isPrefixUnaryExpression(node)) yield* prefixChanges(node);
  else if (ts.isAwaitExpression(node)) yield [node, `(${textOf(node.expression)})`];
  else if (isOptionalCall(node)) yield [node.questionDotToken, '.'];
  else if (ts.isStatement(node)) yield* statementChanges(node);
  else yield* literalChanges(node);
}

function* conditionChanges(condition: ts.Expression): Iterable<Change> {
  yield [condition, 'true'];
  yield [condition, 'false'];
}

function* binaryChanges({ left, right, operatorToken }: ts.BinaryExpression): Iterable<Change> {
  const node = left.parent;
  const { kind } = operatorToken;
  const replacement = operators.get(kind);
  if (replacement !== undefined) yield [operatorToken, replacement];
  if (kind === ts.SyntaxKind.QuestionQuestionToken) {
    yield [node, `(${textOf(left)})`];
    yield [node, `(${textOf(right)})`];
  }
  if (kind === ts.SyntaxKind.QuestionQuestionEqualsToken) yield [operatorToken, '='];
}

function* prefixChanges(node: ts.PrefixUnaryExpression): Iterable<Change> {
  if (node.operator === ts.SyntaxKind.ExclamationToken) yield [node, `(${textOf(node.operand)})`];
  if (node.operator === ts.SyntaxKind.MinusToken) yield [node, `(${textOf(node.operand)})`];
}

/** `value?.name`, where the value may be absent: without the question mark, that throws. */
function isOptionalCall(node: ts.Node): node is (
  | ts.CallExpression
  | ts.PropertyAccessExpression
) & {
  readonly questionDotToken: ts.QuestionDotToken;
} {
  const isChain = ts.isPropertyAccessExpression(node);
  return isChain && node.questionDotToken !== undefined;
}

function* statementChanges(node: ts.Statement): Iterable<Change> {
  if (ts.isExpressionStatement(node)) {
    // An object cannot be made without it.
    if (!node.getText().startsWith('super(')) yield [node, ';'];
  } else if (ts.isReturnStatement(node)) yield* returnChanges(node);
  else if (ts.isThrowStatement(node) || ts.isBreakOrContinueStatement(node)) yield [node, ';'];
  else if (ts.isForOfStatement(node)) yield [node, ';'];
  else if (ts.isTryStatement(node) && node.finallyBlock) yield [node.finallyBlock, '{}'];
}

function* returnChanges(node: ts.ReturnStatement): Iterable<Change> {
  const { expression } = node;
  const isGuard = ts.isIfStatement(node.parent);
  if (expression === undefined) {
    if (!isGuard) yield [node, ';'];
    return;
  }
  if (ts.isLiteralExpression(expression) || expression.getText() === 'undefined') return;
  yield [node, 'return undefined as never;'];
}

function* literalChanges(node: ts.Node): Iterable<Change> {
  if (node.kind === ts.SyntaxKind.TrueKeyword) yield [node, 'false'];
  else if (node.kind === ts.SyntaxKind.FalseKeyword) yield [node, 'true'];
  else if (ts.isArrayLiteralExpression(node) && node.elements.length > 0) yield [node, '[]'];
  else if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) {
    if (!['undefined', '{}'].includes(node.body.getText()))
      yield [node.body, '(undefined as never)'];
  } else if (isTellingString(node)) yield [node, "''"];
  else if (ts.isNumericLiteral(node)) yield [node, `(${textOf(node)} + 1)`];
}

/** A string that the program compares or looks up; sentences are for people. */
function isTellingString(node: ts.Node): boolean {
  if (!ts.isStringLiteral(node) || /\s/.test(node.text) || node.text === '') return false;
  return !ts.isPropertyAssignment(node.parent) || node.parent.name !== node;
}

function textOf(node: ts.Node): string {
  return node.getText();
}

function onOneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 90 ? `${line.slice(0, 87)}...` : line;
}
