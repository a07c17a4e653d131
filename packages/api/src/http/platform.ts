/** Types of the HTTP server underneath, filled in by the container through interface merging. */
export interface HttpPlatform {}

/** The request type of the HTTP server: `FastifyRequest` once the container package is imported. */
export type HttpPlatformRequest = HttpPlatform extends { request: infer Request } ? Request : unknown;

/** The reply type of the HTTP server: `FastifyReply` once the container package is imported. */
export type HttpPlatformReply = HttpPlatform extends { reply: infer Reply } ? Reply : unknown;
