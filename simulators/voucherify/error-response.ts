// Why a request or one record of it was refused, in Voucherify's words. It does not know routes or responses.

/** Voucherify's error body, but for `request_id` (https://docs.voucherify.io/api-reference/errors). */
export class ErrorResponse {
  readonly status: 400 | 401 | 404 | 409;
  readonly key: string;
  readonly message: string;
  readonly details: string;
  readonly resource: { id: string; type: string } | undefined;

  constructor(
    status: 400 | 401 | 404 | 409,
    key: string,
    message: string,
    details: string,
    resource?: { id: string; type: string },
  ) {
    this.status = status;
    this.key = key;
    this.message = message;
    this.details = details;
    this.resource = resource;
  }

  body(requestId: string): Record<string, unknown> {
    return {
      code: this.status,
      key: this.key,
      message: this.message,
      details: this.details,
      request_id: requestId,
      ...(this.resource && { resource_id: this.resource.id, resource_type: this.resource.type }),
    };
  }
}

export const invalidPayload = (details: string) =>
  new ErrorResponse(400, 'invalid_payload', 'Invalid payload', details);

export const invalidQuery = (details: string) =>
  new ErrorResponse(400, 'invalid_query_params', 'Invalid query params', details);

/** `type` as Voucherify spells it in `resource_type`: `customer`, `async_action`, `export`, `metadata schema`. */
export const notFound = (type: string, id: string) =>
  new ErrorResponse(404, 'not_found', 'Resource not found', `Cannot find ${type} with id ${id}`, {
    id,
    type,
  });
