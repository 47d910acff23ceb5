import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import cookieParser from 'cookie-parser';
import session from 'express-session';
import { SessionIoAdapter } from './session-io.adapter.js';
import { VisitsController } from './visits.controller.js';
import { VisitsGateway } from './visits.gateway.js';

@Module({ controllers: [VisitsController], providers: [VisitsGateway] })
class AppModule {}

const secret = process.env.SESSION_SECRET || 'only for trying it out';
const store = new session.MemoryStore();
const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });

app.use(session({ secret, store, resave: false, saveUninitialized: false }));
app.useWebSocketAdapter(new SessionIoAdapter(app, store, cookieParser(secret)));
app.enableShutdownHooks();

await app.listen(process.env.PORT ?? 3000);
console.log(`http://localhost:${(app.getHttpServer().address() as AddressInfo).port}`);
