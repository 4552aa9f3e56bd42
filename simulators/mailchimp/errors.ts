// Mailchimp's refusals: problem details of its own, with a title that names the kind. They know no routes.

export class MailchimpError extends Error {
  readonly status: number;
  readonly body: object;

  constructor(status: number, title: string, detail: string, more: object = {}) {
    super(title);
    this.status = status;
    const type = 'https://mailchimp.com/developer/marketing/docs/errors/';
    this.body = { type, title, status, detail, instance: '2b3e6c4f-0000-4000-8000-5f6a7b8c9d0e', ...more };
  }
}

export function invalidKey(): MailchimpError {
  return new MailchimpError(401, 'API Key Invalid', 'Your API key may be invalid, or it belongs elsewhere.');
}

export function notFound(): MailchimpError {
  return new MailchimpError(404, 'Resource Not Found', 'The requested resource could not be found.');
}

export function tooMany(): MailchimpError {
  return new MailchimpError(429, 'Too Many Requests', 'You have exceeded the limit of 10 connections.');
}

export function badRequest(field: string, message: string): MailchimpError {
  return new MailchimpError(400, 'Invalid Resource', 'The resource submitted could not be validated.', {
    errors: [{ field, message }],
  });
}
