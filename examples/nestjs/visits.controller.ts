import { createReadStream } from 'node:fs';
import { Controller, Get, Header, Session, StreamableFile } from '@nestjs/common';
import type { SessionData } from 'express-session';

declare module 'express-session' {
  interface SessionData {
    visits: number;
  }
}

@Controller()
export class VisitsController {
  @Get()
  @Header('Content-Type', 'text/html')
  page(): StreamableFile {
    return new StreamableFile(createReadStream(`${import.meta.dirname}/../visits.html`));
  }

  @Get('visits')
  visits(@Session() session: Partial<SessionData>): number {
    session.visits = (session.visits ?? 0) + 1;
    return session.visits;
  }
}
