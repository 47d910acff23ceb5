import {
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  type WsResponse,
} from '@nestjs/websockets';
import type { SocketSession } from 'expression.socket.io';

@WebSocketGateway()
export class VisitsGateway {
  @SubscribeMessage('visit')
  async visit(@MessageBody('session') session: SocketSession): Promise<WsResponse<number>> {
    await session.update((fresh) => {
      fresh.visits = (fresh.visits ?? 0) + 1;
    });
    return { event: 'visits', data: session.visits ?? 0 };
  }

  @SubscribeMessage('greet')
  greet(
    @MessageBody('session') session: SocketSession,
    @MessageBody('body') greeting: string,
  ): string {
    return `${greeting}, visitor number ${session.visits}`;
  }
}
