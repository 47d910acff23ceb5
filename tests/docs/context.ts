/**
 * @module What the snippets of the documentation take for granted. A snippet imports from here what it
 * does not declare itself.
 */

import { createServer, type Server as HttpServer } from 'node:http';
import cookieParser from 'cookie-parser';
import express, { type Express } from 'express';
import session, { type Store } from 'express-session';
import { ExpressionSocket } from 'expression.socket.io';
import type { Pool } from 'pg';
import { Server } from 'socket.io';

export { cookieParser, ExpressionSocket, express, Server, session };

export const secret: string = 'a secret';
export const store: Store = new session.MemoryStore();
export const app: Express = express();
export const server: HttpServer = createServer(app);
export const io: Server = new Server(server);
export const expressionIO: ExpressionSocket = new ExpressionSocket(io, store, cookieParser(secret));
export declare const pool: Pool;
export declare const maxAge: number;
export declare const log: { error(entry: object): void };

type User = { name: string; id?: number };

export declare function findUser(name: unknown, password: unknown): User | undefined;
export declare function isAdmin(user: User | undefined): Promise<boolean>;
export declare function isPartner(origin: string): Promise<boolean>;
export declare function fetchTicket(): Promise<string>;
export declare function forgetSessionsOf(user: User | undefined): Promise<void>;
export declare function registerVotes(expressionIO: object): void;
export declare function showLogin(): void;
export declare function showMessage(text: string): void;
