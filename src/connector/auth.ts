// How requests to a vendor are authenticated, as data. The engine gets tokens, keeps them sealed and sends them; a connector
// only says what its vendor asks for.
import type { JsonObject } from './json.ts';

/** Absent from an `ApiDescription`: its `headers` hold the credentials. */
export type Auth = StaticAuth | OAuth;

/** Credentials that a person configures and that last until a person changes them. */
export type StaticAuth =
  | { kind: 'bearer'; token: string }
  | { kind: 'header'; name: string; value: string }
  | { kind: 'basic'; user: string; password: string }
  /** In the query of every request. Logs and errors show paths without it. */
  | { kind: 'query'; name: string; value: string };

/** Access tokens that expire (RFC 6749): the engine gets new ones ahead of time, once for all workers. */
export interface OAuth {
  kind: 'oauth';
  /** Where tokens are requested, whole. */
  tokenUrl: string;
  client: {
    id: string;
    secret?: string;
    /**
     * How the client authenticates itself: by fields of the form (default), or an HTTP Basic header beside the form. `json`: by
     * fields of a JSON object, which vendors ask for in place of the form.
     */
    sentAs?: 'form' | 'basic' | 'json';
  };
  grant: Grant;
  /** Further fields of every token request, such as a scope. No secrets. */
  fields?: { readonly [name: string]: string };
  /** The word before the token in `Authorization`. Default: `Bearer`. */
  scheme?: string;
  /** The header that holds the token alone, in place of `Authorization`. */
  header?: string;
  /** Present where the token's answer says which API to call. */
  baseUrl?: {
    /** The field of the answer. */
    field: string;
    /**
     * Hosts that an answer may name, or parents of them: `salesforce.com` stands for every host below it. The host of
     * `tokenUrl` is always allowed. A token is sent nowhere else.
     */
    hosts: readonly string[];
    /** Added to the URL of the answer. */
    path?: string;
  };
  /**
   * How long a token lives whose answer has no `expires_in`, seconds. Null: nobody knows, and a 401 shows that it has
   * ended. Default: 1800.
   */
  lifeSeconds?: number | null;
  /** Error codes that this vendor has besides those of RFC 6749, or reads otherwise. An error may come with HTTP 200. */
  errors?: {
    /** The grant is gone, as with `invalid_grant`: only a person can help. */
    dead?: readonly string[];
    /** The client is refused, as with `invalid_client`: it is tried again now and then. */
    refused?: readonly string[];
    /** Too many requests or an outage: the same request is sent again later. */
    transient?: readonly string[];
  };
  /**
   * Whose data the token opens, by the token's answer: an organisation, a company. No secret. A later sign-in to a different one is
   * refused, because its records would seem to replace those of the first. Pure.
   */
  tenantOf?(answer: JsonObject): string | undefined;
}

export type Grant = ClientCredentials | JwtBearer | RefreshToken;

/** The client's own credentials (RFC 6749, section 4.4). */
interface ClientCredentials {
  kind: 'client_credentials';
}

/** An assertion that is signed for each request (RFC 7523), with RS256. */
interface JwtBearer {
  kind: 'jwt_bearer';
  subject: string;
  audience: string;
  /** PKCS #8, PEM. */
  privateKey: string;
}

/** Granted by a person: in the vendor's console, or by `tributary sources connect`. */
interface RefreshToken {
  kind: 'refresh_token';
  /** The first one, as configured. Absent: `tributary sources connect` gets it. */
  token?: string;
  /**
   * Present where a refresh token is accepted once and its answer holds the next. `graceSeconds`: for how long the vendor
   * documents that it accepts the one before as well; 0 where it says nothing.
   */
  singleUse?: { graceSeconds: number };
  /** True where a sign-in may give no refresh token, because access tokens then do not end. */
  lasting?: true;
  /** Present where `tributary sources connect` can get one: the authorization code flow with PKCE. */
  signIn?: {
    authorizeUrl: string;
    /** Joined with `separator`. */
    scopes: readonly string[];
    /** Default: a blank. */
    separator?: string;
    /** Further parameters of the link, such as `prompt`. */
    parameters?: { readonly [name: string]: string };
  };
}
