// The error bodies of HubSpot's API (reference/crm/hubspot.md §6, §8). It does not know which route failed.
import { randomUUID } from 'node:crypto';

export type ErrorDetail = { message: string; code?: string; in?: string; context?: Record<string, string[]> };

export type ErrorBody = {
  status: 'error';
  message: string;
  correlationId: string;
  category?: string;
  errorType?: string;
  policyName?: string;
  errors?: ErrorDetail[];
  context?: Record<string, string[]>;
};

/** A refusal the way HubSpot words it: thrown by a handler, answered as `status` with `body`. */
export class HubSpotError extends Error {
  override name = 'HubSpotError';
  readonly status: number;
  readonly body: ErrorBody;

  constructor(status: number, message: string, rest: Partial<Omit<ErrorBody, 'status' | 'message'>>) {
    super(message);
    this.status = status;
    this.body = { status: 'error', message, correlationId: randomUUID(), ...rest };
  }
}

export function invalid(message: string, errors?: ErrorDetail[]): HubSpotError {
  return new HubSpotError(400, message, { category: 'VALIDATION_ERROR', ...(errors && { errors }) });
}

export function notFound(): HubSpotError {
  return new HubSpotError(404, 'resource not found', { category: 'OBJECT_NOT_FOUND' });
}

export function conflict(existingId: number): HubSpotError {
  return new HubSpotError(409, `Contact already exists. Existing ID: ${existingId}`, {
    category: 'CONFLICT',
  });
}

export function unauthenticated(): HubSpotError {
  return new HubSpotError(401, 'Authentication credentials not found or no longer valid.', {
    category: 'INVALID_AUTHENTICATION',
  });
}

/** The message's wording is what the official client's retry looks at (api-client RetryDecorator). */
export function rateLimited(policyName: 'TEN_SECONDLY_ROLLING' | 'DAILY'): HubSpotError {
  return new HubSpotError(429, `You have reached your ${policyName.toLowerCase()} limit.`, {
    errorType: 'RATE_LIMIT',
    policyName,
  });
}

/** As it was recorded three times (2021–22): no policy and no type of error. */
export function searchLimited(): HubSpotError {
  return new HubSpotError(429, 'You have reached your secondly limit.', { category: 'RATE_LIMITS' });
}
