export const startTestServer = (): void => {};
