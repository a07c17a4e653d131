import type { FastifyReply, FastifyRequest } from 'fastify';

declare module '@siplet/api' {
  interface HttpPlatform {
    readonly request: FastifyRequest;
    readonly reply: FastifyReply;
  }
}
