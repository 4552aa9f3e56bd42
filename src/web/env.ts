// What a request carries with it through the web app.
import type { IncomingMessage } from 'node:http';
import type { Caller } from './caller.ts';

export type Env = {
  Bindings: {
    /** The request as the server has it. Absent where the app is called without a server. */
    incoming?: IncomingMessage;
    /** Aborted when the server stops: streams end. */
    closing?: AbortSignal;
  };
  Variables: {
    /** Who asks; absent where anybody may. */
    caller?: Caller;
    /** The answer is that of an earlier request. */
    isReplayed?: true;
  };
};
