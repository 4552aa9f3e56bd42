// Written by `npm run schema`, out of the OpenAPI document: do not edit. The types of every operation of the API.

export interface paths {
  '/healthz': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Whether the process is running
     * @description It never queries the database. Use it to decide whether to restart the process.
     */
    get: operations['isLive'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/readyz': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Whether the database accepts writes
     * @description It writes a row and deletes it. Use it to decide whether to route requests to the process.
     */
    get: operations['isReady'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/tokens': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List the named tokens
     * @description Every token that was not revoked, with its role and its last use. Secrets are not in the list.
     */
    get: operations['listTokens'];
    put?: never;
    /**
     * Make a named token with a role
     * @description The answer holds the token. It is shown once, because only its hash is stored.
     */
    post: operations['createToken'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/tokens/{name}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /**
     * Revoke a named token
     * @description It opens nothing any more, and its sessions end: here at once, at other workers within 5 seconds.
     */
    delete: operations['revokeToken'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/audit': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Who changed what, newest first
     * @description Every request that may change something, logins, and floods of wrong tokens. Kept for 400 days.
     */
    get: operations['listAudit'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/status': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * The status of sources, destination and backlog
     * @description Figures over whole tables may be some seconds old.
     */
    get: operations['getStatus'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/balance': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * The two sums that must hold
     * @description Records received are the sum of what became of them, and customers are the sum of those delivered, waiting, held and dead. Each side is counted by itself, at one moment. Figures may be some seconds old.
     */
    get: operations['getBalance'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/logs': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * The newest lines of the log, oldest first
     * @description Of the process that answers: each worker keeps its newest 1,000 lines in memory. Credentials, e-mail addresses and phone numbers are not in them.
     */
    get: operations['listLogs'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/metrics': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Metrics for Prometheus
     * @description Listed in docs/metrics.md. Figures over whole tables may be some seconds old.
     */
    get: operations['getMetrics'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/spend': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Calls to each vendor, by quota, lane and hour
     * @description A call that draws on several quotas counts for each. The figures cover all workers.
     */
    get: operations['getSpend'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/calls': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * The last requests to a vendor and their answers
     * @description At most 25 of the last 15 minutes, the newest first, without credentials, with the first 2,000 characters of each body. The worker that answers lists its own calls. Requests that erase a customer are not listed.
     */
    get: operations['listCalls'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/sources': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Every configured source
     * @description With schedule, number of records, current and last run, budget, and the reason if it is paused.
     */
    get: operations['listSources'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/sources/{source}/withdraw': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Withdraw the contributions of a source that is no longer in the configuration
     * @description Until then its records still count. As in every run, the mass-change breaker holds customers if too many would change.
     */
    post: operations['withdrawSource'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/sources/{source}/sync': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Ask for a run
     * @description The run starts at once, or when its turn comes. Its `id` leads to its progress and its outcome.
     */
    post: operations['syncSource'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/sources/{source}/pause': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Pause a source until it is resumed
     * @description Nothing is read from the vendor. Webhooks are still accepted and stored.
     */
    post: operations['pauseSource'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/sources/{source}/resume': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Resume a source
     * @description It is read again at once. Resuming a source that is not paused changes nothing.
     */
    post: operations['resumeSource'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/sources/{source}/connect': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Begin a sign-in at the vendor of a source
     * @description A person opens the link, agrees at the vendor, and is sent back to `redirectUri` with a code.
     */
    post: operations['beginSignIn'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/sources/{source}/connect/finish': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Finish a sign-in with the code that the vendor sent back
     * @description Exchanges the code for tokens and stores them encrypted. The source goes on if it was paused for its credentials.
     */
    post: operations['finishSignIn'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/sources/{source}/imports': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Import a file of customers
     * @description The body is the file. It is stored, and read by a run with the mode `import`. Only for sources with the connector csv.
     */
    post: operations['importFile'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/destination/project': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Decide what counts as delivered when the configuration names another project
     * @description Nothing is sent until it is known whether the new project holds the customers that the former one acknowledged.
     */
    post: operations['decideProject'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/destination/pause': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Pause deliveries until resumed
     * @description Sources are still read. Their changes wait.
     */
    post: operations['pauseDestination'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/destination/resume': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Send what waits
     * @description Deliveries that were put off become due. Resuming a destination that is not paused changes nothing.
     */
    post: operations['resumeDestination'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/probe': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * What a probe found out about the destination
     * @description What the last probe answered, and what follows from it for deliveries. Null if there was none.
     */
    get: operations['getProbe'];
    put?: never;
    /**
     * Find out what the destination's documentation leaves open
     * @description Writes a few throwaway customers (`tributary-probe-…`) to the destination, reads them and removes them again, even if it fails midway. Deliveries then follow the answers. The response is sent when the probe has ended: after some seconds, or later if budgets are used up.
     */
    post: operations['probe'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/deliveries': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * The number of customers by state of delivery
     * @description Counted at every request, unlike the figures of the status. Avoid frequent requests if there are many customers.
     */
    get: operations['listDeliveries'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/runs': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Runs, newest first
     * @description Each with the outcome of its records, which add up to those received.
     */
    get: operations['listRuns'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/runs/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * One run
     * @description With the report of a dry run and the columns of a file.
     */
    get: operations['getRun'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/runs/{id}/cancel': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Call a run off
     * @description Immediately if no worker is processing it, else after its current page. What it has ingested stays.
     */
    post: operations['cancelRun'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/runs/{id}/undo': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * What undoing a run would do
     * @description Looks at every customer that the run changed. Nothing is written.
     */
    get: operations['previewUndo'];
    put?: never;
    /**
     * Undo a run
     * @description Brings customers back to what they were before the run, by ordinary deliveries. What others changed since is spared. The undo is a run: undoing it withdraws it.
     */
    post: operations['undoRun'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/undos': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Undos with what each still keeps, newest first
     * @description A value is kept until its records give something else, or the undo is undone.
     */
    get: operations['listUndos'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/runs/{id}/spared': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * What an undo left as it was, and why
     * @description Values that somebody else has changed since, and customers that were not asked for.
     */
    get: operations['listSpared'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/customers': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Customers, ordered by source ID
     * @description All of them, those in a state of delivery, or those that a search finds.
     */
    get: operations['listCustomers'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/customers/{sourceId}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * One customer, with all stored data
     * @description Its fields as wanted and as acknowledged, its delivery, and every record about it.
     */
    get: operations['getCustomer'];
    put?: never;
    post?: never;
    /**
     * Erase a customer here and at the destination
     * @description The customer is erased here immediately, whether known or not, and at the destination as soon as no pending request can write the customer again. No source brings the person back.
     */
    delete: operations['eraseCustomer'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/customers/{sourceId}/explain': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Where each value of a customer comes from, and why
     * @description Structures, with sentences for a person beside them. `sourceId` can also be a record ID or an e-mail address.
     */
    get: operations['explainCustomer'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/customers/{sourceId}/history': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * The changes of a customer, newest first, or the customer as of a time
     * @description Every revision with what changed and why, and the write-backs of that time. `sourceId` can also be a record ID or an e-mail address.
     */
    get: operations['getCustomerHistory'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/customers/{sourceId}/pins/{field}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    /**
     * Set a field by hand, until it is unpinned
     * @description The value wins over every record. The customer is queued for delivery.
     */
    put: operations['pinField'];
    post?: never;
    /**
     * Remove a value that was set by hand
     * @description The records decide the field again. The customer is queued for delivery.
     */
    delete: operations['unpinField'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/quarantine': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Values that failed their type or rule and were left out
     * @description Each with the reason and the value that is used in its place. A value leaves the list when its record is corrected.
     */
    get: operations['listQuarantine'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/quarantine/acknowledge': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Acknowledge quarantined values, with a reason
     * @description They stay left out and need nobody any more. A value is open again when it or the reason why it is left out changes.
     */
    post: operations['acknowledgeQuarantine'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/quarantine/reopen': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Reopen acknowledged values
     * @description They need a person again.
     */
    post: operations['reopenQuarantine'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/clashes': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Customers that two records of one source and stream claim
     * @description The newest record wins. Two records with one source ID are usually a mistake in the configuration of `sourceId`.
     */
    get: operations['listClashes'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/sources/{source}/records/{recordId}/unmerge': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Separate a record from the record it was merged into
     * @description For merges that the vendor reported by mistake. The record becomes a customer of its own again.
     */
    post: operations['unmergeRecord'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/sources/{source}/rewind': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Read everything again that changed since a time
     * @description Sets the cursors of the source back to the time and asks for a run. Records that did not change are recognised and cost no delivery.
     */
    post: operations['rewindSource'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/people': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Customers that an ID identifies: by source ID, else by record ID, else by e-mail
     * @description Use it where a person may name a customer by anything. Several customers can share an e-mail address.
     */
    get: operations['findPeople'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/erasures': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Receipts of erasures, newest first
     * @description A receipt is open until every store has answered. It holds hashes of the person, and no values.
     */
    get: operations['listErasures'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/erasures/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * One receipt
     * @description With the answer of every store, and the signed statement once it is complete.
     */
    get: operations['getErasure'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/suppressions': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    post?: never;
    /**
     * Let an erased person come back
     * @description The person comes back when a source sends them again: with the next change, or with a full sync.
     */
    delete: operations['liftErasure'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/export': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Customers with all their fields, ordered by source ID
     * @description For files and other programs. Nothing is masked, so it requires the role operator.
     */
    get: operations['exportCustomers'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/dead-letters': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Open dead letters, newest first
     * @description One by one. Use the groups to see causes.
     */
    get: operations['listDeadLetters'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/dead-letters/retry': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Retry dead letters
     * @description Deliveries become due again. Records are ingested again from the stored body, or read again if only their ID is known. Requests in the inbox are opened again. A delivery stays a dead letter until it is acknowledged, a record until it is read.
     */
    post: operations['retryDeadLetters'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/dead-letters/groups': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Open dead letters by cause, most frequent first, each with the next step
     * @description At most 200 groups, each with what it means, what to do and samples.
     */
    get: operations['listDeadLetterGroups'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/dead-letters/export': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * All open dead letters as a file, oldest first
     * @description Streamed. In CSV, cells that a spreadsheet would evaluate as a formula are prefixed with an apostrophe, unless `raw` is true.
     */
    get: operations['exportDeadLetters'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/dead-letters/discard': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Discard dead letters
     * @description They are closed and keep the reason. A customer whose delivery is discarded is not sent until it changes at its source. A record that arrives with the same fault becomes a dead letter again.
     */
    post: operations['discardDeadLetters'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/inbox': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Stored webhook requests, newest first
     * @description Without their bodies. They are kept for the retention period of the source.
     */
    get: operations['listRequests'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/inbox/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * One request in full, as it was received
     * @description With headers, query, body and every fault. Credentials are masked.
     */
    get: operations['getRequest'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/inbox/{id}/replay': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Open one request again
     * @description It is read with the present configuration. Its items are not skipped as repeats.
     */
    post: operations['replayRequest'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/inbox/replay': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Open requests again: by ID, or all that match
     * @description They are read with the present configuration. Their items are not skipped as repeats. One call opens at most 1,000 requests.
     */
    post: operations['replayRequests'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/drifts': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Customers whose values at the destination differ from what it acknowledged
     * @description Found by verifications and by the destination's webhooks. A healed difference leaves the list.
     */
    get: operations['listDrifts'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/drifts/acknowledge': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Acknowledge differences, with a reason
     * @description They need nobody any more and raise no alarm. A difference is open again when it changes. A verification that heals sends acknowledged customers too.
     */
    post: operations['acknowledgeDrifts'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/drifts/reopen': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Reopen acknowledged differences
     * @description They need a person again.
     */
    post: operations['reopenDrifts'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/write-backs': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * What flows back, by vendor
     * @description With the number of write-backs by state, and what the reading of the destination has covered.
     */
    get: operations['listWriteBackVendors'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/write-backs/{source}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Write-backs to the vendor of a source, ordered by source ID, each with the exact body that would be sent
     * @description With the facts, what the vendor acknowledged, and why a write-back waits.
     */
    get: operations['listWriteBacks'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/write-backs/{source}/verify': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Read some people back at the vendor and compare them with what it acknowledged
     * @description Costs calls at the vendor. With `heal`, people who differ are written again.
     */
    post: operations['verifyWriteBack'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/write-backs/{source}/pause': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Pause writing to the vendor of a source until it is resumed
     * @description The source is read on, and what is to be written waits.
     */
    post: operations['pauseWriteBack'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/write-backs/{source}/resume': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Write to the vendor of a source again, and at once what was put off
     * @description Refused while the source itself is paused. Resuming what is not paused changes nothing.
     */
    post: operations['resumeWriteBack'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/write-backs/{source}/check': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * What the source's credentials may write at its vendor, without changing anybody's data
     * @description Costs a few calls at the vendor.
     */
    post: operations['checkWriteBack'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/customers/{sourceId}/write-backs': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * What is known of a customer at the destination, and what flows back to each vendor
     * @description The facts as the destination reported them, and a write-back for each vendor.
     */
    get: operations['getCustomerWriteBacks'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/holds': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Held deliveries: grouped by run and by what would be lost, and one by one, newest first
     * @description Each hold with the difference and the exact payload that would be sent.
     */
    get: operations['listHolds'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/holds/release': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Release held deliveries
     * @description The customers become due and are sent as they are now: with blanked fields, or deleted as `onOrphaned` says.
     */
    post: operations['releaseHolds'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/holds/refuse': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Refuse held changes
     * @description A blanked field is pinned to the value that the destination has, until it is unpinned, and so are the fields that would move a customer into a segment or out of one. A customer without records is kept. Deliveries then continue.
     */
    post: operations['refuseHolds'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/preview': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * What a changed mapping would do
     * @description Maps every stored record by a proposed configuration and compares the results. This takes a while if there are many records. One preview runs at a time.
     */
    post: operations['preview'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/plan': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * What a run would take: calls, shares of quotas, minutes
     * @description Counts with cheap calls and simulates the run against the present quotas. A run of this source and mode that begins within the hour is compared with the forecast.
     */
    post: operations['planRun'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/forecasts': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Forecasts and what the runs took, newest first
     * @description A forecast is compared with the run that followed it.
     */
    get: operations['listForecasts'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/verify': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Read the destination back and compare it with what it acknowledged and what the stored records give
     * @description One verification runs at a time. It writes nothing to the destination unless `heal` is true.
     */
    post: operations['verify'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/verifications': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Verifications, newest first
     * @description Each with its report when it has ended.
     */
    get: operations['listVerifications'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/verifications/chain': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Whether the chain of reports is intact
     * @description Every hash is computed again, which reveals a report that was changed, inserted or removed in the middle. If you store `head` elsewhere, it also reveals one removed from the end.
     */
    get: operations['getVerificationChain'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/verifications/forecast': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * The calls that verifying sources takes
     * @description Computed from the stored records. No vendor is called.
     */
    get: operations['forecastSourceProof'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/verifications/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * One verification
     * @description With its report and the signed statement when it has ended.
     */
    get: operations['getVerification'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/verifications/{id}/findings': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Records that differ from the vendors of sources
     * @description Every record that the verification found to differ, in the order of source, stream and record ID. Kept for 30 days.
     */
    get: operations['listFindings'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/verifications/{id}/cancel': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Cancel a verification
     * @description It ends as failed. What it has found and mended until then stays.
     */
    post: operations['cancelVerification'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/.well-known/tributary-receipt-keys.json': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * The public keys by which signed receipts are checked
     * @description Empty without TRIBUTARY_SECRET_KEY. Keep a copy elsewhere: a key that is fetched from the server that made the receipt proves only that the two fit.
     */
    get: operations['getReceiptKeys'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/sources/{source}/webhook': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * How to set up the webhooks of a source, and their state
     * @description The name `destination` stands for the webhooks of the destination. Secrets are not shown.
     */
    get: operations['getWebhook'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/sources/{source}/webhook/test': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Send a sample request, signed as the vendor would sign it
     * @description The request is processed like any other: stored, opened and ingested. The sample describes no real person.
     */
    post: operations['testWebhook'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    /** @description What went wrong, as problem details (RFC 9457). */
    Problem: {
      /** @description A URI that names the kind of problem; `about:blank` if the status is sufficient. /docs/errors lists the kinds. */
      type: string;
      title: string;
      status: number;
      /** @description What happened and what to do, in a sentence. */
      detail: string;
      /** @description All faults of the input. */
      faults?: components['schemas']['Fault'][];
      /** @description The run that is still running. */
      runId?: number;
      /** @description The log names the error by this ID. */
      errorId?: string;
    };
    /** @description One fault of the input. */
    Fault: {
      /**
       * @description Where: `recordIds[0]`.
       * @example mode
       */
      path: string;
      /**
       * @description The value that was found, as JSON.
       * @example "partial"
       */
      found: string;
      /** @description What is allowed. */
      allowed: string;
    };
    /** @description A named token with its secret. */
    NewToken: {
      name: string;
      /** @enum {string} */
      role: 'viewer' | 'operator' | 'admin';
      /** Format: date-time */
      createdAt: string;
      createdBy: string;
      /** Format: date-time */
      expiresAt: string | null;
      /**
       * Format: date-time
       * @description To the minute. Null: nobody has used it.
       */
      lastUsedAt: string | null;
      /** @description Shown once: only a hash of it is kept. */
      token: string;
    };
    /** @description A named token. Its secret is not stored. */
    Token: {
      name: string;
      /** @enum {string} */
      role: 'viewer' | 'operator' | 'admin';
      /** Format: date-time */
      createdAt: string;
      createdBy: string;
      /** Format: date-time */
      expiresAt: string | null;
      /**
       * Format: date-time
       * @description To the minute. Null: nobody has used it.
       */
      lastUsedAt: string | null;
    };
    /** @description What somebody did. */
    AuditEntry: {
      id: number;
      /** Format: date-time */
      at: string;
      /** @description The name of the token, `API token` for TRIBUTARY_API_TOKEN. */
      by: string;
      /** @enum {string} */
      role: 'viewer' | 'operator' | 'admin';
      /**
       * @description The method and the route, or `login`, `logout`, `wrong tokens`.
       * @example POST /api/sources/{source}/sync
       */
      action: string;
      /**
       * @description What it was done to. Empty where it names nothing, and once the customer was erased.
       * @example [
       *       "hubspot"
       *     ]
       */
      targets: string[];
      /** @description The HTTP status of the answer. */
      status: number;
    };
    /** @description How far the destination is in step, and what keeps it. */
    Status: {
      headline: components['schemas']['Headline'];
      /** @description Everything that fails or needs a person now, the worst first. Alarms are raised for these. */
      problems: components['schemas']['OpenProblem'][];
      version: string;
      /** Format: date-time */
      now: string;
      /** Format: date-time */
      startedAt: string;
      /** @enum {string} */
      database: 'postgres' | 'pglite';
      /** @description Why log lines are being lost, for example ENOSPC for a full disk; null if none are lost. */
      log: {
        code: string;
        /** Format: date-time */
        since: string;
      } | null;
      /** @description What is wrong with the database. readOnly: it answers but accepts no writes. If it does not answer, this route returns 503. */
      databaseFault: {
        /** @enum {string} */
        kind: 'unresponsive' | 'readOnly';
        /** Format: date-time */
        since: string;
        reason: string;
      } | null;
      /** @description By how much the clock of this machine and the clock of the database differ, in a sentence; null if they differ by less than a minute. */
      differingClocks: string | null;
      /** @description Other workers on this database whose version or configuration differs, and which parts differ. */
      differingWorkers: {
        host: string;
        pid: number;
        version: string;
        parts: string[];
        note: string;
      }[];
      /** @description Versions of the APIs of vendors that end within 90 days, or have ended: of which source (or `destination`), and the day. */
      apiEnds: {
        name: string;
        version: string | null;
        /** Format: date */
        endsOn: string;
        note: string;
      }[];
      /** @description Loops of this process whose last step failed. They are retried. Loops that work are omitted. */
      loops: {
        name: string;
        /** Format: date-time */
        failingSince: string;
        failures: number;
        lastError: string;
      }[];
      customers: {
        total: number;
        waiting: number;
        delivered: number;
        held: number;
        dead: number;
      };
      /** @description What became of the records received. It may be some seconds old. Null while it is counted for the first time. */
      received: components['schemas']['Received'] | null;
      freshness: {
        /**
         * Format: date-time
         * @description When the oldest undelivered change began to wait.
         */
        oldestWaitingAt: string | null;
        oldestWaitSeconds: number | null;
        /** Format: date-time */
        lastDeliveredAt: string | null;
        /** @description The time from a change at the source to its acknowledgement, by lane, in the last 24 hours. Without backfills. */
        lastDay: {
          /** @enum {string} */
          lane: 'webhook' | 'manual' | 'schedule' | 'backfill';
          deliveries: number;
          p50Seconds: number;
          p99Seconds: number;
        }[];
      };
      backlog: {
        /** @enum {string} */
        lane: 'webhook' | 'manual' | 'schedule' | 'backfill';
        waiting: number;
        due: number;
        /** Format: date-time */
        oldestAt: string | null;
        oldestWaitSeconds: number | null;
      }[];
      /** @description Customers that are retried in some minutes only, and the reason of the one that waits longest. */
      putOff: {
        customers: number;
        /** Format: date-time */
        nextAt: string;
        /** Format: date-time */
        lastAt: string;
        why: string | null;
      } | null;
      destination: {
        connector: string;
        paused: components['schemas']['Pause'] | null;
        /** @description Batches that the destination has not finished. */
        batches: {
          underWay: number;
          customers: number;
        };
        /** @description Open: it fails repeatedly, so calls are suspended for a while. Of this process. */
        circuit: {
          /** @enum {string} */
          state: 'closed' | 'open' | 'half-open';
          failures: number;
          /** Format: date-time */
          openUntil: string | null;
          /** @description The message of the last failure. */
          reason: string | null;
        };
        /** @description The number of customers in a batch now. off: batches were refused. */
        bulk: {
          records: number;
          off: boolean;
        };
        budget: components['schemas']['Budget'][];
        calls: components['schemas']['Calls'] | null;
        /** @description The destination's own webhooks. */
        webhook: components['schemas']['WebhookState'] | null;
        /** @description Why no record is ingested: the metadata schema, which gives the types of values, is unknown. Null if it is known. Webhooks are stored meanwhile. */
        schemaWait: components['schemas']['SchemaWait'] | null;
      };
      /** @description Customers whose values at the destination differ from what it acknowledged: see `GET /api/drifts`. */
      drifts: {
        /**
         * @description differs: the destination has other values. deleted: it no longer has the customer. unknown: it has a customer that was never sent.
         * @enum {string}
         */
        kind: 'differs' | 'deleted' | 'unknown';
        count: number;
      }[];
      /** @description Customers whose differences a person has acknowledged; `drifts` does not count them. */
      acknowledgedDrifts: number;
      /** @description How write-back to each vendor stands, as `GET /api/write-backs` shows it. */
      writeBacks: components['schemas']['WriteBackVendor'][];
      /** @description Changes that are held until a person decides: see `GET /api/holds`. */
      holds: {
        open: number;
        customers: number;
      };
      deadLetters: {
        open: number;
        groups: {
          /** @enum {string} */
          kind: 'inbox' | 'record' | 'delivery' | 'writeBack';
          source: string;
          code: string;
          open: number;
        }[];
      };
      /** @description Values left out because they failed their type or rule. */
      quarantined: number;
      /** @description Values left out that a person has acknowledged; `quarantined` does not count them. */
      acknowledgedValues: number;
      /** @description Customers that two records of one source and stream claim. */
      clashes: number;
      /** @description Requests to `/webhooks/…` that name no source that accepts webhooks, since this process started, and the name in the last of them. */
      strayWebhooks: components['schemas']['StrayWebhooks'] | null;
      sources: components['schemas']['Source'][];
      /** @description Sources that are no longer in the configuration. Their contributions remain until you withdraw them. */
      vanished: {
        name: string;
        records: number;
        customers: number;
        fields: string[];
        frozen: boolean;
        note: string;
      }[];
    };
    /** @description The state of synchronisation; the worst that applies. Only `in_step` means that nothing waits and the last verification found no difference. */
    Headline: {
      /** @enum {string} */
      state:
        | 'destination_failing'
        | 'credentials_refused'
        | 'paused'
        | 'project_undecided'
        | 'schema_unknown'
        | 'sources_vanished'
        | 'held'
        | 'differs'
        | 'dead_letters'
        | 'source_failing'
        | 'impaired'
        | 'behind'
        | 'empty'
        | 'unverified'
        | 'in_step';
      sentence: string;
      /** @description The command that shows more or takes the next step. Null if none is needed. */
      next: string | null;
    };
    /** @description Something that needs a person. */
    OpenProblem: {
      /** @enum {string} */
      state:
        | 'destination_failing'
        | 'credentials_refused'
        | 'paused'
        | 'project_undecided'
        | 'schema_unknown'
        | 'sources_vanished'
        | 'held'
        | 'differs'
        | 'dead_letters'
        | 'source_failing'
        | 'impaired'
        | 'behind'
        | 'empty'
        | 'unverified'
        | 'in_step';
      sentence: string;
      /** @description The command that shows more or takes the next step. Null if none is needed. */
      next: string | null;
      /** @description What it is about: a source, `destination`, or a part of a worker. Null if there is one such problem at most. */
      subject: string | null;
    };
    /** @description Records received by runs, in webhooks that are still kept, and by reading what webhooks named; then what became of them. */
    Received: {
      records: number;
      changed: number;
      unchanged: number;
      superseded: number;
      filtered: number;
      rejected: number;
    };
    /** @description Why nothing is read or sent. */
    Pause: {
      /**
       * @description unauthorized: the vendor refuses the credentials. refusals: the destination rejects one customer after another, so the others are held back. project: the configuration names another project than before, see `POST /api/destination/project`.
       * @enum {string}
       */
      cause: 'person' | 'unauthorized' | 'refusals' | 'project';
      reason: string;
      /** Format: date-time */
      pausedAt: string;
      /**
       * Format: date-time
       * @description When it is retried automatically. Null: it must be resumed manually.
       */
      trialAt: string | null;
    };
    /** @description What is left of a quota now. */
    Budget: {
      quota: string;
      /** @description The calls in any `seconds` that Tributary may make: the limit of the vendor without the reserve. */
      limit: number;
      seconds: number;
      /** @description Calls in the present window, as far as this process knows. */
      used: number;
      /** @description Calls that this process may make without asking the database. */
      held: number;
      /** Format: date-time */
      exhaustedUntil: string | null;
      /** @description The share of the limit that Tributary uses after refusals, 0 to 1. It recovers over time. */
      learnedShare: number;
    };
    /** @description Requests since this process started. */
    Calls: {
      total: number;
      byStatus: {
        [key: string]: number;
      };
    };
    /** @description What the webhooks of a source are doing. */
    WebhookState: {
      /** @description False: every request is refused, and `missing` says what to set. */
      configured: boolean;
      missing: string | null;
      /** @description Requests that are waiting to be opened. */
      waiting: number;
      /** Format: date-time */
      oldestWaitingAt: string | null;
      /** @description Requests that could not be read. */
      dead: number;
      /** @description Records named by requests that are waiting to be read. */
      toRead: number;
      /** Format: date-time */
      oldestToReadAt: string | null;
      /** @description How the changes of the last 24 hours became known. */
      coverage: components['schemas']['Coverage'] | null;
      /** @description What Tributary renews at the vendor before it expires. Null where nothing is renewed. */
      subscription: components['schemas']['Subscription'] | null;
      /** @description Requests that this process refused in the last 24 hours, by reason, latest first. */
      refusals: components['schemas']['Refusal'][];
    };
    /** @description How many changes webhooks report, compared with polling. */
    Coverage: {
      /** @description The share of changes that a webhook reported first. Null if nothing changed. */
      share: number | null;
      webhook: components['schemas']['Seen'];
      poll: components['schemas']['Seen'];
    };
    /** @description Changes that arrived by one way, and how late. */
    Seen: {
      changes: number;
      /** @description The median time until a change is known, within a factor of two. */
      p50Seconds: number | null;
      p99Seconds: number | null;
    };
    /** @description What the vendor keeps in order to send webhooks. */
    Subscription: {
      /**
       * Format: date-time
       * @description Null until the vendor has granted it.
       */
      expiresAt: string | null;
      /** @description Why it could not be renewed; it is attempted again. */
      fault: string | null;
    };
    /** @description Webhook requests that were refused for one reason. */
    Refusal: {
      status: number;
      reason: string;
      count: number;
      /** Format: date-time */
      lastAt: string;
    };
    /** @description The metadata schema cannot be read, so nothing is mapped. */
    SchemaWait: {
      sentence: string;
      /** Format: date-time */
      since: string | null;
      attempts: number;
      /**
       * Format: date-time
       * @description When it is requested again.
       */
      nextAt: string | null;
      /** @description It needs a person to act. */
      lasting: boolean;
    };
    /** @description What is written back to one vendor. */
    WriteBackVendor: {
      source: string;
      connector: string;
      /** @description The path of the value, by attribute. */
      fields: {
        [key: string]: string;
      };
      create: boolean;
      /** @description Nothing is written: what would be is shown. */
      dryRun: boolean;
      unlinked: number;
      waiting: number;
      delivered: number;
      dead: number;
      /** @description Those that are open: see `GET /api/dead-letters`. */
      deadLetters: number;
      /** @description Customers that a job at the vendor carries now. */
      inJobs: number;
      /** Format: date-time */
      oldestWaitingAt: string | null;
      /** Format: date-time */
      lastDeliveredAt: string | null;
      paused: components['schemas']['Pause'] | null;
      /** @description Why calls are suspended, if they are. Of this process. */
      failing: string | null;
    };
    /** @description Webhook requests that named no configured source. */
    StrayWebhooks: {
      count: number;
      /** Format: date-time */
      lastAt: string;
      lastName: string;
    };
    /** @description A configured source and what it does now. */
    Source: {
      name: string;
      connector: string;
      /** @description A cron expression. Null if it is read only on request. */
      schedule: string | null;
      /** @description When everything is read, not only what changed. Null: only on request. */
      fullSchedule: string | null;
      timezone: string;
      /** @description It accepts files by `POST /api/sources/{source}/imports`. */
      imports: boolean;
      /** @description False if the vendor only pushes, so that it cannot be synced. */
      pulls: boolean;
      /** @description It can be synced with the mode `records`. */
      readsById: boolean;
      paused: components['schemas']['Pause'] | null;
      /** @description Its runs that have not ended, the running one first. */
      going: components['schemas']['Run'][];
      /** @description Its last ended run. */
      lastRun: components['schemas']['Run'] | null;
      /** @description The number of stored records. */
      records: number;
      /** @description Null if the vendor does not push. */
      webhook: components['schemas']['WebhookState'] | null;
      budget: components['schemas']['Budget'][];
      calls: components['schemas']['Calls'] | null;
    };
    /** @description All pulls of a source until it is done, and what became of the records. */
    Run: {
      id: number;
      source: string;
      /** @enum {string} */
      mode: 'incremental' | 'full' | 'records' | 'import' | 'remap' | 'undo';
      /** @enum {string} */
      trigger: 'start' | 'schedule' | 'manual' | 'mapping' | 'coverage' | 'gap';
      /**
       * Format: date-time
       * @description The time in the schedule that requested the run.
       */
      slot: string | null;
      /** @description Other parts of the request: record IDs, a file. */
      request: {
        [key: string]: unknown;
      };
      /**
       * @description `requested` until it has ended.
       * @enum {string}
       */
      state: 'requested' | 'finished' | 'failed' | 'cancelled';
      /** Format: date-time */
      requestedAt: string;
      /** Format: date-time */
      startedAt: string | null;
      /** Format: date-time */
      endedAt: string | null;
      pages: number;
      /** @description The sum of changed, unchanged, superseded, filtered and rejected. */
      received: number;
      changed: number;
      unchanged: number;
      superseded: number;
      filtered: number;
      rejected: number;
      /** @description Customers whose fields changed. */
      customers: number;
      /** @description The number of records according to the source, if it gives one. */
      expected: number | null;
      step: string | null;
      error: string | null;
      /** @description Observations about the reading that need attention although no row was rejected. */
      notes: components['schemas']['Note'][];
      attempts: number;
      /**
       * Format: date-time
       * @description When it starts, or is retried after a failure.
       */
      dueAt: string;
      /** Format: date-time */
      cancelRequestedAt: string | null;
      /** @enum {string} */
      lane: 'webhook' | 'manual' | 'schedule' | 'backfill';
      /** @description A worker is processing it. */
      working: boolean;
      /** @description Records received per second recently; in the status only. */
      ratePerSecond?: number | null;
    };
    /** @description An observation about a reading. */
    Note: {
      /** @example csv_short_rows */
      code: string;
      message: string;
      /** @description The number of occurrences. */
      count: number;
    };
    /** @description The two sums that hold at every moment. */
    Balance: {
      received: components['schemas']['Received'];
      /** @description Customers, and their number by the state of their delivery. */
      wanted: {
        customers: number;
        delivered: number;
        waiting: number;
        held: number;
        dead: number;
      };
      /** @description Both sums hold. */
      balances: boolean;
    };
    /** @description One line of the log. */
    LogLine: {
      id: number;
      /** Format: date-time */
      at: string;
      /** @enum {string} */
      level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
      message: string;
      /** @description What else the line says: `source`, `run`, `err`. */
      fields: {
        [key: string]: unknown;
      };
    };
    /** @description One request to a vendor and its answer. */
    Call: {
      id: number;
      /** Format: date-time */
      at: string;
      method: string;
      path: string;
      /** @enum {string} */
      lane: 'webhook' | 'manual' | 'schedule' | 'backfill';
      /** @description Null if no answer came. */
      status: number | null;
      failure: string | null;
      tookMs: number;
      /** @description The beginning of the body. */
      sent: string | null;
      /** @description The beginning of the body. */
      answered: string | null;
    };
    /**
     * @description What is to be read.
     * @example {
     *       "mode": "full"
     *     }
     */
    Sync: {
      /**
       * @description incremental: reads what changed. full: reads everything. records: reads `recordIds`. The default of a dry run is incremental.
       * @enum {string}
       */
      mode?: 'incremental' | 'full' | 'records';
      /** @description Store and send nothing. The `report` of the run says what it would do. */
      dryRun?: boolean;
      recordIds?: string[];
    };
    /** @description Whether something is paused. */
    Paused: {
      name: string;
      paused: components['schemas']['Pause'] | null;
    };
    /**
     * @description Why it is paused.
     * @example {
     *       "reason": "The CRM is being moved."
     *     }
     */
    PauseRequest: {
      /** @description Shown with the pause. */
      reason?: string;
    };
    /** @description A sign-in that has begun. */
    SignIn: {
      source: string;
      /** @description The link at which the person signs in. */
      url: string;
      /** @description What the browser must bring back as `state`. */
      state: string;
      /** @description Finishes this sign-in; opaque. */
      ticket: string;
      /** Format: date-time */
      expiresAt: string;
    };
    /** @description Where the vendor sends the person back to. */
    SignInRequest: {
      /**
       * @description Where the browser comes back to: a loopback address. The vendor may want it registered.
       * @example http://127.0.0.1:8432/callback
       */
      redirectUri: string;
    };
    /** @description A sign-in that has ended. */
    SignedIn: {
      source: string;
      /** @description The vendor's account, where the vendor names it. */
      tenant: string | null;
      /** @description The source was paused for its credentials and goes on. */
      resumed: boolean;
    };
    /** @description What the vendor sent back. */
    SignInFinishRequest: {
      ticket: string;
      state: string;
      code: string;
    };
    /** @description What a probe found out about the destination. */
    ProbeFound: {
      /** @description The account that these answers are about. Not a secret. */
      account: string;
      /**
       * Format: date-time
       * @description Null if there was no probe.
       */
      probedAt: string | null;
      answers: {
        /** @example metadataWrites */
        question: string;
        /** @example merge */
        answer: string;
        /** @description What was seen. */
        evidence: string;
      }[];
      /** @description What deliveries follow: the setting, else what was proven, else the safe way. */
      effect: {
        /** @enum {string} */
        partialWrites: 'merge' | 'replace';
        bulk: boolean;
      };
      /** @description Settings that contradict what was proven. The settings take precedence. */
      contradictions: string[];
    };
    /** @description What a probe found out about the destination, and what it left there. */
    ProbeDone: {
      /** @description The account that these answers are about. Not a secret. */
      account: string;
      /**
       * Format: date-time
       * @description Null if there was no probe.
       */
      probedAt: string | null;
      answers: {
        /** @example metadataWrites */
        question: string;
        /** @example merge */
        answer: string;
        /** @description What was seen. */
        evidence: string;
      }[];
      /** @description What deliveries follow: the setting, else what was proven, else the safe way. */
      effect: {
        /** @enum {string} */
        partialWrites: 'merge' | 'replace';
        bulk: boolean;
      };
      /** @description Settings that contradict what was proven. The settings take precedence. */
      contradictions: string[];
      /** @description Requests that it took. */
      calls: number;
      /** @description Source IDs of throwaway customers that could not be removed. Delete them manually. */
      notDeleted: string[];
    };
    /** @description Consent to write throwaway customers to the destination. */
    ProbeConsent: {
      /**
       * @description Confirms that customers may be written to the destination and removed again.
       * @enum {boolean}
       */
      consent: true;
    };
    /** @description A run with its report. */
    ReportedRun: {
      id: number;
      source: string;
      /** @enum {string} */
      mode: 'incremental' | 'full' | 'records' | 'import' | 'remap' | 'undo';
      /** @enum {string} */
      trigger: 'start' | 'schedule' | 'manual' | 'mapping' | 'coverage' | 'gap';
      /**
       * Format: date-time
       * @description The time in the schedule that requested the run.
       */
      slot: string | null;
      /** @description Other parts of the request: record IDs, a file. */
      request: {
        [key: string]: unknown;
      };
      /**
       * @description `requested` until it has ended.
       * @enum {string}
       */
      state: 'requested' | 'finished' | 'failed' | 'cancelled';
      /** Format: date-time */
      requestedAt: string;
      /** Format: date-time */
      startedAt: string | null;
      /** Format: date-time */
      endedAt: string | null;
      pages: number;
      /** @description The sum of changed, unchanged, superseded, filtered and rejected. */
      received: number;
      changed: number;
      unchanged: number;
      superseded: number;
      filtered: number;
      rejected: number;
      /** @description Customers whose fields changed. */
      customers: number;
      /** @description The number of records according to the source, if it gives one. */
      expected: number | null;
      step: string | null;
      error: string | null;
      /** @description Observations about the reading that need attention although no row was rejected. */
      notes: components['schemas']['Note'][];
      attempts: number;
      /**
       * Format: date-time
       * @description When it starts, or is retried after a failure.
       */
      dueAt: string;
      /** Format: date-time */
      cancelRequestedAt: string | null;
      /** @enum {string} */
      lane: 'webhook' | 'manual' | 'schedule' | 'backfill';
      /** @description A worker is processing it. */
      working: boolean;
      /** @description Records received per second recently; in the status only. */
      ratePerSecond?: number | null;
      /** @description What a dry run found, when it has ended. */
      report: components['schemas']['DryRun'] | null;
      /** @description How each column of a file is used. Null until the first page is read. */
      columns: components['schemas']['Columns'] | null;
    };
    /** @description What a run would do. */
    DryRun: {
      /** @description False: nothing would change. */
      differs: boolean;
      /** @example 1,204 customers: phone changes; 3 lose birthdate */
      summary: string;
      customers: {
        looked: number;
        /** @description Customers whose fields would change. */
        differing: number;
        created: components['schemas']['Group'];
        orphaned: components['schemas']['Group'];
        returned: components['schemas']['Group'];
      };
      fields: {
        field: string;
        set: components['schemas']['Group'];
        changed: components['schemas']['Group'];
        cleared: components['schemas']['Group'];
        dropped: components['schemas']['Group'];
      }[];
      /** @description Absent in reports that are older than it. */
      segments?: {
        /**
         * Format: date-time
         * @description When the segments were read. Null: never.
         */
        readAt: string | null;
        /** @description Why they could not be read the last time. */
        fault: string | null;
        segments: components['schemas']['SegmentMoves'][];
      };
      kinds: {
        sentence: string;
        count: number;
        sourceIds: string[];
      }[];
      writes: {
        customers: number;
        removed: number;
        payloadBytes: number;
        calls: {
          single: number;
          bulk: number;
          reads: number;
          total: number;
        };
        payloads: {
          sourceId: string;
          payload?: unknown;
        }[];
      };
      notes: string[];
      counts: {
        [key: string]: number;
      };
      pages: number;
      /** @description The first 20 records or rows that would be rejected, and why. Absent in reports that are older than it. */
      rejected?: {
        ref: string;
        message: string;
      }[];
    };
    /** @description Customers that differ in the same way, with samples. */
    Group: {
      count: number;
      samples: {
        sourceId: string;
        from?: unknown;
        to?: unknown;
      }[];
    };
    /** @description Who enters and leaves one segment. */
    SegmentMoves: {
      id: string;
      name: string;
      /**
       * @description `active`: entering and leaving sends events that distributions react to. `passive`: it sends none. `static`: a list, which no change of a field alters.
       * @enum {string}
       */
      type: 'active' | 'passive' | 'static';
      /** @description Customers in it when it was read. Null: not known. */
      size: number | null;
      enters: components['schemas']['Movers'];
      leaves: components['schemas']['Movers'];
      /** @description Customers of whom it cannot be told from the data here. */
      unknown: {
        count: number;
        /** @description The first of them. */
        sourceIds: string[];
      };
      /** @description The parts of its filter that the data here says nothing of, such as orders. */
      untold: string[];
    };
    /** @description Customers who enter or leave a segment. */
    Movers: {
      count: number;
      /** @description The first of them. */
      sourceIds: string[];
    };
    /** @description How the columns of a file are used. */
    Columns: {
      /**
       * @description The export that was recognised by its columns.
       * @example HubSpot contact export
       */
      recognised: string | null;
      /** @enum {string} */
      mappedBy: 'configuration' | 'names';
      /** @description The column with the source ID. */
      sourceId: string | null;
      /** @description Fields and metadata with the columns they are read from. */
      fields: {
        field: string;
        columns: string[];
      }[];
      /** @description Columns that are not used. */
      leftOut: {
        column: string;
        reason: string;
      }[];
      /** @description Columns that the configuration names and the file does not have, with the one that was probably meant. */
      missing: {
        field: string;
        column: string;
        meant: string | null;
      }[];
      /** @description The same as a `mapping` for the configuration of the source. */
      mapping: {
        [key: string]: string | string[];
      };
    };
    /** @description What undoing a run would do. */
    UndoPreview: {
      runId: number;
      /** @description False: nothing would change. */
      differs: boolean;
      summary: string;
      customers: {
        /** @description Customers that the run changed or created. */
        looked: number;
        /** @description Customers that would change. */
        back: number;
        /** @description Customers that the run left without a record, and that would come back. */
        kept: {
          count: number;
          samples: {
            sourceId: string;
            from?: unknown;
            to?: unknown;
          }[];
        };
        /** @description Customers that would be taken away from the destination. */
        takenAway: {
          count: number;
          samples: {
            sourceId: string;
            from?: unknown;
            to?: unknown;
          }[];
        };
        /** @description Customers that an undo took away, and that would come back. */
        broughtBack: {
          count: number;
          samples: {
            sourceId: string;
            from?: unknown;
            to?: unknown;
          }[];
        };
      };
      fields: {
        field: string;
        changed: components['schemas']['Group'];
      }[];
      spared: {
        counts: {
          /**
           * @description `changed later`: somebody else changed it since. `pinned`: a person pinned it. `drifted`: the destination holds what somebody else wrote. `created`: the run created the customer. `merged`: the vendor merged its record. `returned`: a record speaks of it again. `not mapped`: a source that is no longer configured has a record of it.
           * @enum {string}
           */
          because: 'changed later' | 'pinned' | 'drifted' | 'created' | 'merged' | 'returned' | 'not mapped';
          count: number;
        }[];
        /** @description The first of them. */
        values: components['schemas']['SparedValue'][];
      };
      segments: components['schemas']['BlastRadius'];
      notes: string[];
    };
    /** @description What an undo leaves as it is. */
    SparedValue: {
      sourceId: string;
      /** @description Null: the customer itself. */
      field: string | null;
      /**
       * @description `changed later`: somebody else changed it since. `pinned`: a person pinned it. `drifted`: the destination holds what somebody else wrote. `created`: the run created the customer. `merged`: the vendor merged its record. `returned`: a record speaks of it again. `not mapped`: a source that is no longer configured has a record of it.
       * @enum {string}
       */
      because: 'changed later' | 'pinned' | 'drifted' | 'created' | 'merged' | 'returned' | 'not mapped';
      /** @example by run 15 of hubspot (contacts) */
      by: string;
    };
    /** @description Who enters and leaves segments of the destination. */
    BlastRadius: {
      /**
       * Format: date-time
       * @description When the segments were read. Null: never.
       */
      readAt: string | null;
      /** @description Why they could not be read the last time. */
      fault: string | null;
      segments: components['schemas']['SegmentMoves'][];
    };
    /**
     * @description How a run is undone.
     * @example {
     *       "created": false
     *     }
     */
    UndoRequest: {
      /**
       * @description Whether customers that the run created are taken away from the destination.
       * @default false
       */
      created?: boolean;
    };
    /** @description A run that undoes another one. */
    Undo: {
      run: components['schemas']['Run'];
      /** @description The run that it undoes. */
      undoes: number;
      /** @description Values that it still keeps in place of what records give, and of how many customers. */
      standing: {
        values: number;
        customers: number;
      };
      /** @description Customers that it keeps away from the destination. */
      withheld: number;
      spared: {
        /**
         * @description `changed later`: somebody else changed it since. `pinned`: a person pinned it. `drifted`: the destination holds what somebody else wrote. `created`: the run created the customer. `merged`: the vendor merged its record. `returned`: a record speaks of it again. `not mapped`: a source that is no longer configured has a record of it.
         * @enum {string}
         */
        because: 'changed later' | 'pinned' | 'drifted' | 'created' | 'merged' | 'returned' | 'not mapped';
        count: number;
      }[];
    };
    /** @description One customer in a list. */
    CustomerLine: {
      sourceId: string;
      revision: number;
      name: string | null;
      email: string | null;
      /** @description No record belongs to this customer any longer. */
      orphaned: boolean;
      /** Format: date-time */
      updatedAt: string;
      /** @enum {string|null} */
      state: 'waiting' | 'held' | 'delivered' | 'dead' | null;
      /** @description The revision that the destination acknowledged last. */
      acknowledged: number | null;
    };
    /** @description A customer with everything that is stored. */
    Customer: {
      sourceId: string;
      revision: number;
      /**
       * @description Values by field name.
       * @example {
       *       "email": "anna@example.com",
       *       "metadata.plan": "gold"
       *     }
       */
      fields: {
        [key: string]: unknown;
      };
      /** @description Fields that a former record had and no present record has. */
      dropped: string[];
      orphaned: boolean;
      /** Format: date-time */
      createdAt: string;
      /** Format: date-time */
      updatedAt: string;
      delivery: {
        /** @description The revision wanted. */
        revision: number;
        acknowledged: number | null;
        /** @enum {string} */
        state: 'waiting' | 'held' | 'delivered' | 'dead';
        /** @enum {string} */
        lane: 'webhook' | 'manual' | 'schedule' | 'backfill';
        /** Format: date-time */
        dueAt: string | null;
        /** Format: date-time */
        waitingSince: string | null;
        attempts: number;
        /** @enum {string|null} */
        carriedBy: 'worker' | 'batch' | null;
        /** Format: date-time */
        deliveredAt: string | null;
        errorCode: string | null;
        error: string | null;
      } | null;
      /** @description What the destination acknowledged. */
      acknowledged: {
        revision: number;
        /**
         * @description Values by field name.
         * @example {
         *       "email": "anna@example.com",
         *       "metadata.plan": "gold"
         *     }
         */
        fields: {
          [key: string]: unknown;
        };
        /** Format: date-time */
        at: string;
      } | null;
      records: {
        source: string;
        stream: string;
        recordId: string;
        /**
         * Format: date-time
         * @description By the clock of the source.
         */
        changedAt: string;
        /** Format: date-time */
        deletedAt: string | null;
        deleted: boolean;
        /** @description Why it contributes nothing to the customer. */
        filtered: string | null;
        faults:
          | {
              field: string;
              reason: string;
            }[]
          | null;
        runId: number | null;
        /** Format: date-time */
        receivedAt: string;
        body: {
          [key: string]: unknown;
        };
      }[];
    };
    /** @description Where the values of a customer come from, and why. */
    Explanation: {
      sourceId: string;
      revision: number;
      /** Format: date-time */
      createdAt: string;
      /** Format: date-time */
      updatedAt: string;
      /** @description No record belongs to it any longer. */
      orphaned: boolean;
      destination: string;
      /** @description Everything except the fields, in sentences. */
      sentences: string[];
      fields: {
        field: string;
        /** @description The value of the customer; null if it is empty. */
        value?: unknown;
        sentences: string[];
        /** @example precedence hubspot > klaviyo */
        rule: string;
        pin: {
          note: string;
          /** Format: date-time */
          pinnedAt: string;
          /** @description The undo that brought the value back. Null: a person pinned it. */
          undoneBy: number | null;
          /** @description What records gave then: the value stands while they do. */
          insteadOf?: unknown;
        } | null;
        winner: {
          source: string;
          stream: string;
          recordId: string;
          /**
           * Format: date-time
           * @description By the clock of the source.
           */
          changedAt: string;
          /** @description A hash of the present record. */
          version: string;
          /** Format: date-time */
          receivedAt: string;
          run: {
            id: number;
            mode: string;
            trigger: string;
          } | null;
          /** @description The fingerprint of the mapping that reads it. */
          mapping: string;
        } | null;
        losers: {
          source: string;
          stream: string;
          recordId: string;
          /**
           * Format: date-time
           * @description By the clock of the source.
           */
          changedAt: string;
          /** @description A hash of the present record. */
          version: string;
          /** Format: date-time */
          receivedAt: string;
          run: {
            id: number;
            mode: string;
            trigger: string;
          } | null;
          /** @description The fingerprint of the mapping that reads it. */
          mapping: string;
          /** @description The value of the customer; null if it is empty. */
          value?: unknown;
          reason: string;
        }[];
        quarantined: components['schemas']['Quarantined'][];
        /** @description The newest state of the record leaves it empty (onNull: ignore) or omits it, so this is its last value. */
        kept: {
          /** @enum {string} */
          because: 'empty' | 'absent';
          changedAt: string | null;
        } | null;
        /** @description The winning record's properties that the field is read from, their original values, and how they were transformed. Null if no present record gives the value. */
        raw: {
          properties: string[];
          values: unknown[];
          /**
           * @example [
           *       "trimmed",
           *       "lower-cased"
           *     ]
           */
          done: string[];
        } | null;
        since: {
          revision: number;
          /** Format: date-time */
          at: string;
          by: string;
        };
        acknowledged: {
          /** @description The value of the customer; null if it is empty. */
          value?: unknown;
          isSame: boolean;
          isCertain: boolean;
          revision: number;
          /** Format: date-time */
          at: string;
        } | null;
        /** @description The value if the customer were computed again, where it differs. */
        next: {
          /** @description The value of the customer; null if it is empty. */
          value?: unknown;
        } | null;
      }[];
      dropped: string[];
      /** @description Fields that an undo left out again, though a record has them. */
      leftOut: {
        field: string;
        note: string;
        /** Format: date-time */
        pinnedAt: string;
        undoneBy: number | null;
        /** @description The value of the customer; null if it is empty. */
        insteadOf?: unknown;
      }[];
      /** @description The undo that took the customer away from the destination, until a record of it changes. */
      withheldBy: number | null;
      quarantined: components['schemas']['Quarantined'][];
      clashes: {
        source: string;
        stream: string;
        recordIds: string[];
      }[];
      takeOvers: {
        source: string;
        stream: string;
        recordId: string;
        into: string;
        sourceId: string | null;
        intoSourceId: string | null;
        isUndone: boolean;
      }[];
      ignored: {
        source: string;
        stream: string;
        recordId: string;
        because: string;
      }[];
      delivery: {
        /** @enum {string} */
        state: 'waiting' | 'held' | 'delivered' | 'dead';
        revision: number;
        acknowledged: number | null;
        /** @enum {string} */
        lane: 'webhook' | 'manual' | 'schedule' | 'backfill';
        /** Format: date-time */
        waitingSince: string | null;
        /**
         * Format: date-time
         * @description The time of the next attempt; null while it is being sent.
         */
        dueAt: string | null;
        /** Format: date-time */
        deliveredAt: string | null;
        attempts: number;
        error: string | null;
      } | null;
      holds: {
        id: number;
        change: string;
        /** @description The value of the customer; null if it is empty. */
        from?: unknown;
        /** Format: date-time */
        heldAt: string;
      }[];
      deadLetters: {
        id: number;
        kind: string;
        code: string;
        message: string;
        /** Format: date-time */
        lastAt: string;
      }[];
      /** @description What the destination knows on its way back to vendors, by source. */
      writeBacks: {
        source: string;
        /**
         * @description Null if no fact was read yet.
         * @enum {string|null}
         */
        state: 'unlinked' | 'waiting' | 'delivered' | 'dead' | null;
        revision: number | null;
        acknowledgedRevision: number | null;
        recordId: string | null;
        /** @enum {string|null} */
        lane: 'webhook' | 'manual' | 'schedule' | 'backfill' | null;
        /** Format: date-time */
        waitingSince: string | null;
        /**
         * Format: date-time
         * @description The time of the next attempt; null while it is being sent.
         */
        dueAt: string | null;
        /** @enum {string|null} */
        carriedBy: 'worker' | 'job' | null;
        /** Format: date-time */
        deliveredAt: string | null;
        attempts: number;
        error: string | null;
        /** @description The outcome of an attempt is unknown. */
        isUncertain: boolean;
        /** @description Why nothing is written to this vendor now, for any customer. */
        hindrance: string | null;
        attributes: {
          attribute: string;
          /** @description Null if writeBack no longer declares it. */
          path: string | null;
          /** @description What the value at the path is. */
          meaning: string | null;
          /** @description Missing if the fact was not read yet. */
          wanted?: unknown;
          /** @description Missing if it was never written. */
          acknowledged?: unknown;
          /** @description Whether the vendor has acknowledged what is wanted. */
          isSame: boolean;
          /** @description As of when the fact is known, and whether it was read or a webhook told of it. */
          known: {
            /** Format: date-time */
            at: string;
            /** @enum {string} */
            by: 'read' | 'told';
          } | null;
          sentences: string[];
        }[];
        sentences: string[];
      }[];
    };
    /** @description A value that failed its type and was left out. */
    Quarantined: {
      source: string;
      stream: string;
      recordId: string;
      field: string;
      /** @description The value of the customer; null if it is empty. */
      value?: unknown;
      reason: string;
      hasLastGood: boolean;
    };
    /** @description What happened to a customer. */
    History: {
      sourceId: string;
      revisions: {
        revision: number;
        /** Format: date-time */
        at: string;
        /** @example by run 12 of hubspot (contacts) */
        by: string;
        /** @description Null for the first revision. */
        cause: {
          [key: string]: unknown;
        } | null;
        /** @description By field. A side is missing if no record had the field. */
        changed: {
          [key: string]: {
            /** @description The value of the customer; null if it is empty. */
            from?: unknown;
            /** @description The value of the customer; null if it is empty. */
            to?: unknown;
          };
        };
      }[];
      /** @description What became of write-backs in the time of these revisions, newest first, at most `limit`. They are kept for 30 days. */
      writeBacks: {
        source: string;
        /** Format: date-time */
        at: string;
        /**
         * @description wanted: the facts changed. acknowledged: the vendor confirmed what was sent. rejected: it turned the customer down. failed: the request failed without effect. unknown: its result is not known, so every attribute is sent again. unlinked: the vendor has no such person.
         * @enum {string}
         */
        event: 'wanted' | 'acknowledged' | 'rejected' | 'failed' | 'unknown' | 'unlinked';
        /** @description Of the values that are written back. */
        revision: number;
        /**
         * Format: date-time
         * @description When the request was sent; null if none was.
         */
        sentAt: string | null;
        /** @description The values wanted, or those sent. */
        attributes: {
          [key: string]: unknown;
        } | null;
        message: string | null;
      }[];
      /** @description There were more write-backs in that time. */
      moreWriteBacks: boolean;
      /** @description `cursor` of the next page; null on the last. */
      nextCursor: string | null;
      /** @description The customer as of `at`, if that was requested; then there are no revisions. */
      state: {
        /** Format: date-time */
        at: string;
        /** @description Null if it did not exist yet. */
        revision: number | null;
        fields: {
          [key: string]: unknown;
        } | null;
      } | null;
    };
    /** @description A value that a person set. */
    Pin: {
      sourceId: string;
      field: string;
      value?: unknown;
      note: string;
      /** Format: date-time */
      pinnedAt: string;
      /** @description The new revision of the customer, which is queued for delivery. Null if nothing changed. */
      revision: number | null;
    };
    /** @description The value to set. */
    PinRequest: {
      /**
       * @description Normalised and typed as a mapped value of the field; null empties it.
       * @example gold
       */
      value: unknown;
      /**
       * @description The reason; explanations of the value show it.
       * @default
       */
      note?: string;
    };
    /** @description A pin that was removed. */
    Unpinned: {
      sourceId: string;
      field: string;
      /** @description The new revision of the customer, which is queued for delivery. Null if nothing changed. */
      revision: number | null;
    };
    /** @description A value that failed its type, with the value in its place. */
    QuarantinedValue: {
      source: string;
      stream: string;
      recordId: string;
      sourceId: string | null;
      field: string;
      reason: string;
      /** @description The present value of the record, truncated if it is long. */
      value?: unknown;
      /** @description The last valid value of the record, which is used instead. Null if there is none. */
      lastGood?: unknown;
      /** @description The value of the customer. */
      stands?: unknown;
      /** Format: date-time */
      changedAt: string;
      acknowledged: components['schemas']['Acknowledgement'] | null;
    };
    /** @description Who knows of it and lets it be. */
    Acknowledgement: {
      /** Format: date-time */
      at: string;
      by: string;
      reason: string;
    };
    /** @description A customer that several records of one source and stream claim. */
    Clash: {
      sourceId: string;
      claims: {
        source: string;
        stream: string;
        /** @description Newest first. The newest wins. */
        recordIds: string[];
      }[];
    };
    /** @description A record that was separated from another one. */
    Unmerged: {
      stream: string;
      recordId: string;
      /** @description The customer that it belongs to again. */
      sourceId: string | null;
      /** @description The record that it had been merged into. */
      from: string;
      fromSourceId: string | null;
      /** @description The customers that changed. They are queued for delivery. */
      revised: {
        sourceId: string;
        revision: number;
      }[];
    };
    /** @description The time to read from. */
    Rewind: {
      /**
       * Format: date-time
       * @description ISO 8601, with an offset or Z.
       * @example 2026-03-01T12:00:00Z
       */
      to: string;
    };
    /** @description The receipt of an erasure. */
    Erasure: {
      /** Format: uuid */
      id: string;
      /**
       * @description `complete` once every store has answered. The receipt then no longer names the person.
       * @enum {string}
       */
      state: 'open' | 'complete';
      /** @description False if there was no such customer and no record here. */
      known: boolean;
      /** @description Whether the customer is erased permanently at the destination, with everything that belongs to it. */
      permanent: boolean;
      /** @description A keyed hash of the source ID. */
      subject: string;
      /** Format: date-time */
      requestedAt: string;
      /** Format: date-time */
      endedAt: string | null;
      stores: {
        /** @example records */
        store: string;
        /**
         * @description `nothing`: it held nothing. `kept`: the hashes that stop the person from coming back. `waiting`: no answer yet. `refused`: it refuses the credentials. `rejected`: it rejected the request.
         * @enum {string}
         */
        answer: 'erased' | 'nothing' | 'kept' | 'waiting' | 'refused' | 'rejected';
        rows: number | null;
        /** Format: date-time */
        at: string;
        note: string | null;
      }[];
      /** @description The receipt, signed when it ended. Null until then, without TRIBUTARY_SECRET_KEY, and for those of versions that did not sign. */
      signed: components['schemas']['SignedErasure'] | null;
    };
    /** @description A statement with its signature, which anybody can check. */
    SignedErasure: {
      statement: components['schemas']['ErasureStatement'];
      signature: components['schemas']['ReceiptSignature'];
    };
    /** @description What was erased, as it was signed. */
    ErasureStatement: {
      /** @enum {string} */
      type: 'tributary.erasure.1';
      id: string;
      /**
       * @description The account at the destination.
       * @example voucherify:api.voucherify.io:app-id
       */
      destination: string;
      /** @description A keyed hash of the source ID. */
      subject: string;
      permanent: boolean;
      /** Format: date-time */
      requestedAt: string;
      /** Format: date-time */
      endedAt: string;
      stores: {
        store: string;
        answer: string;
        rows: number | null;
        /** Format: date-time */
        at: string;
      }[];
    };
    /** @description The signature of a statement. */
    ReceiptSignature: {
      /** @enum {string} */
      algorithm: 'Ed25519';
      /** @description `kid` of the public key: its thumbprint by RFC 7638. */
      keyId: string;
      /** @description In base64url, of the UTF-8 bytes of `statement` as canonical JSON (RFC 8785). */
      value: string;
    };
    /**
     * @description How a customer is erased.
     * @example {
     *       "permanent": true
     *     }
     */
    EraseRequest: {
      /** @description Default: as configured. */
      permanent?: boolean;
    };
    /** @description The person who may come back. */
    LiftRequest: {
      sourceId: string;
    };
    /** @description A request, record or delivery that was given up. */
    DeadLetter: {
      id: number;
      /** @enum {string} */
      kind: 'inbox' | 'record' | 'delivery' | 'writeBack';
      /** @description The source, or `destination` for deliveries. Of a write-back, the source whose vendor refused it. */
      source: string;
      stream: string;
      /** @description What it is about: a record ID, row, source ID, or inbox request (`7`, or `7#2` for one item). */
      ref: string;
      runId: number | null;
      code: string;
      /** @description The message of the vendor, or of Tributary. */
      message: string;
      detail?: unknown;
      times: number;
      /** Format: date-time */
      createdAt: string;
      /** Format: date-time */
      lastAt: string;
    };
    /** @description What became of the dead letters that were retried. */
    Retried: {
      deliveries: {
        /** @description Deliveries that became due again. */
        due: number;
        /** @description Deliveries that were already waiting. */
        waiting: number;
      };
      writeBacks: {
        /** @description Write-backs that became due again. */
        due: number;
        /** @description Write-backs that were already waiting. */
        waiting: number;
      };
      /** @description The results of the records that were ingested again. `received` is the sum of the next five. */
      records: {
        received: number;
        changed: number;
        unchanged: number;
        superseded: number;
        filtered: number;
        rejected: number;
        customers: number;
      };
      /** @description Records named by webhooks that will be read again. */
      touched: number;
      /** @description Inbox requests that were opened again, and how many of them were rejected again. */
      requests: {
        replayed: number;
        rejected: number;
      };
      /** @description Letters that cannot be retried, and why. */
      cannot: {
        reason: string;
        letters: number;
        /** @description The first 20. */
        ids: number[];
      }[];
    };
    /**
     * @description The letters: by ID, or all that match every part of the filter. `{}` means all.
     * @example {
     *       "source": "hubspot",
     *       "code": "invalid_payload"
     *     }
     */
    Retry: {
      ids?: number[];
      /**
       * @description Only those of this kind.
       * @enum {string}
       */
      kind?: 'inbox' | 'record' | 'delivery' | 'writeBack';
      /** @description The source, or `destination` for deliveries. */
      source?: string;
      /**
       * @description Only those with this code.
       * @example invalid_payload
       */
      code?: string;
      /**
       * Format: date-time
       * @description Given up at this time or later.
       */
      since?: string;
      /**
       * Format: date-time
       * @description Given up before this time.
       */
      until?: string;
      /** @description A text in its reference or message. Case-insensitive. */
      text?: string;
    };
    /** @description Dead letters with the same cause. */
    DeadLetterGroup: {
      /** @enum {string} */
      kind: 'inbox' | 'record' | 'delivery' | 'writeBack';
      source: string;
      code: string;
      letters: number;
      /** Format: date-time */
      firstAt: string;
      /** Format: date-time */
      lastAt: string;
      /** @description What happened, in a sentence. */
      plain: string;
      /** @description The next step. */
      next: string;
      /** @description The three most frequent messages; those that differ only in numbers and quotes count as one. */
      words: {
        message: string;
        letters: number;
      }[];
      /** @description The newest five. */
      samples: {
        id: number;
        ref: string;
      }[];
    };
    /** @description What was discarded. */
    Discarded: {
      letters: number;
      deliveries: {
        /** @description Customers that are not sent until they change. */
        aside: number;
        /** @description Customers that are still sent, since a newer change is waiting. */
        waiting: number;
      };
      writeBacks: {
        /** @description Write-backs that are not sent until the facts change. */
        aside: number;
        /** @description Write-backs that are still sent, since a newer change is waiting. */
        waiting: number;
      };
    };
    /**
     * @description The dead letters to discard, and why.
     * @example {
     *       "code": "invalid_payload",
     *       "reason": "Corrected by hand."
     *     }
     */
    Discard: {
      ids?: number[];
      /**
       * @description Only those of this kind.
       * @enum {string}
       */
      kind?: 'inbox' | 'record' | 'delivery' | 'writeBack';
      /** @description The source, or `destination` for deliveries. */
      source?: string;
      /**
       * @description Only those with this code.
       * @example invalid_payload
       */
      code?: string;
      /**
       * Format: date-time
       * @description Given up at this time or later.
       */
      since?: string;
      /**
       * Format: date-time
       * @description Given up before this time.
       */
      until?: string;
      /** @description A text in its reference or message. Case-insensitive. */
      text?: string;
      /**
       * @description Every open letter.
       * @enum {boolean}
       */
      all?: true;
      /** @description The reason; it is kept with the letter. */
      reason: string;
    };
    /** @description A stored webhook request, without its body. */
    InboxRequest: {
      id: number;
      /** @description The source, or `destination` for its own webhooks. */
      source: string;
      /**
       * @description waiting: not opened yet. opened: its items are counted. dead: it could not be read.
       * @enum {string}
       */
      state: 'waiting' | 'opened' | 'dead';
      /** Format: date-time */
      receivedAt: string;
      /** Format: date-time */
      openedAt: string | null;
      method: string;
      /** @description The size of the body. 0 if it was erased with a person whom it named. */
      bytes: number;
      attempts: number;
      counts: components['schemas']['ItemCounts'] | null;
      /** @description The first fault of the request. */
      error: string | null;
    };
    /** @description What became of the items of a request. */
    ItemCounts: {
      /** @description The sum of the next four. */
      items: number;
      /** @description Items that are repeats. */
      duplicates: number;
      /** @description Items that concern no record. */
      ignored: number;
      /** @description Items that could not be read. They are dead letters. */
      unreadable: number;
      taken: number;
      /** @description Records that items name, which will be read. */
      touched: number;
      /** @description Records that items carry: the sum of the next five. */
      received: number;
      changed: number;
      unchanged: number;
      superseded: number;
      filtered: number;
      rejected: number;
    };
    /** @description A stored webhook request with its body. */
    InboxRequestWhole: {
      id: number;
      /** @description The source, or `destination` for its own webhooks. */
      source: string;
      /**
       * @description waiting: not opened yet. opened: its items are counted. dead: it could not be read.
       * @enum {string}
       */
      state: 'waiting' | 'opened' | 'dead';
      /** Format: date-time */
      receivedAt: string;
      /** Format: date-time */
      openedAt: string | null;
      method: string;
      /** @description The size of the body. 0 if it was erased with a person whom it named. */
      bytes: number;
      attempts: number;
      counts: components['schemas']['ItemCounts'] | null;
      /** @description The first fault of the request. */
      error: string | null;
      /** @description The first 50 faults of the request or of the item at this place. */
      faults: {
        item: number | null;
        code: string;
        message: string;
      }[];
      /** @description Values that hold credentials are masked. */
      query: {
        [key: string]: string;
      };
      /** @description Values that hold credentials are masked. */
      headers: {
        [key: string]: string;
      };
      body: {
        /**
         * @description base64 if it is not UTF-8.
         * @enum {string}
         */
        encoding: 'utf8' | 'base64';
        content: string;
      };
    };
    /** @description What became of a request that was opened again. */
    ReplayedRequest: {
      id: number;
      source: string;
      /**
       * @description opened: all of it was read. rejected: some of its items were rejected. dead: it could not be read. failed: it could not be opened and is unchanged.
       * @enum {string}
       */
      result: 'opened' | 'rejected' | 'dead' | 'failed';
      counts: components['schemas']['ItemCounts'] | null;
      error: string | null;
    };
    /**
     * @description How one request is opened again.
     * @example {
     *       "dryRun": true
     *     }
     */
    ReplayOne: {
      /** @description Return what would happen, and change nothing. */
      dryRun?: boolean;
    };
    /** @description What became of the requests that were opened again. */
    Replayed: {
      dryRun: boolean;
      /** @description The sum of the next four. */
      requests: number;
      opened: number;
      rejected: number;
      dead: number;
      failed: number;
      counts: components['schemas']['ItemCounts'];
      /** @description The first 50, those with faults first. */
      results: components['schemas']['ReplayedRequest'][];
      /** @description Requests that cannot be opened again, and why. */
      cannot: {
        reason: string;
        requests: number;
        /** @description The first 20. */
        ids: number[];
      }[];
      /** @description One call opens at most 1000 requests. If there are more: `cursor` of the next call; else null. */
      nextCursor: string | null;
    };
    /**
     * @description The requests to open again: by ID, or those that match every filter.
     * @example {
     *       "source": "hubspot",
     *       "rejected": true,
     *       "dryRun": true
     *     }
     */
    Replay: {
      ids?: number[];
      /** @description Only requests of this source, or of `destination`. */
      source?: string;
      /**
       * @description waiting: not opened yet. opened: its items are counted. dead: it could not be read.
       * @enum {string}
       */
      state?: 'waiting' | 'opened' | 'dead';
      /**
       * Format: date-time
       * @description Received at this time or later.
       */
      since?: string;
      /**
       * Format: date-time
       * @description Received before this time.
       */
      until?: string;
      /** @description Dead, or opened with items that were rejected. */
      rejected?: boolean;
      /**
       * @description Required if there is no other filter.
       * @enum {boolean}
       */
      all?: true;
      /** @description `nextCursor` of the previous call. Default: the first requests. */
      cursor?: string;
      /** @description Return what would happen, and change nothing. */
      dryRun?: boolean;
    };
    /** @description A customer whose values at the destination differ from what it acknowledged. */
    Drift: {
      sourceId: string;
      /**
       * @description differs: the destination has other values. deleted: it no longer has the customer. unknown: it has a customer that was never sent.
       * @enum {string}
       */
      kind: 'differs' | 'deleted' | 'unknown';
      /** @description By field: what was acknowledged, and what the destination has. */
      fields: {
        [key: string]: {
          expected?: unknown;
          found?: unknown;
        };
      };
      /** @description What found it: `webhook`, or a verification. */
      by: string;
      /** Format: date-time */
      foundAt: string;
      acknowledged: components['schemas']['Acknowledgement'] | null;
    };
    /** @description What is to be written to a vendor for one customer. */
    WriteBack: {
      source: string;
      sourceId: string;
      /**
       * @description unlinked: the source has no record of the customer, so nothing is written. waiting: it is due, or put off. delivered: the vendor has acknowledged it. dead: it was given up.
       * @enum {string}
       */
      state: 'unlinked' | 'waiting' | 'delivered' | 'dead';
      /** @description Values by attribute of the vendor. */
      wanted: {
        [key: string]: unknown;
      };
      /** @description What the vendor has acknowledged. */
      acknowledged: {
        [key: string]: unknown;
      } | null;
      revision: number;
      acknowledgedRevision: number | null;
      /** @description The vendor's record that was written last. */
      recordId: string | null;
      /** @enum {string} */
      lane: 'webhook' | 'manual' | 'schedule' | 'backfill';
      /** Format: date-time */
      dueAt: string | null;
      /** Format: date-time */
      waitingSince: string | null;
      /** Format: date-time */
      deliveredAt: string | null;
      attempts: number;
      errorCode: string | null;
      error: string | null;
      /** @description The exact body that would be sent for this customer alone; null if nothing is to be sent. */
      payload?: unknown;
    };
    /** @description What was read back at the vendor. */
    WriteBackVerified: {
      source: string;
      compared: number;
      /** @description People whom the vendor does not have. */
      missing: number;
      /** @description Customers that are written again. */
      healed: number;
      differences: {
        sourceId: string;
        attribute: string;
        acknowledged?: unknown;
        found?: unknown;
      }[];
    };
    /** @description Whom to read back at the vendor. */
    VerifyWriteBack: {
      /**
       * @description The number of customers to read.
       * @default 100
       */
      sample?: number;
      /**
       * @description Whether differences are written again.
       * @default false
       */
      heal?: boolean;
    };
    /** @description What the credentials of a source may write. */
    WritePermissions: {
      source: string;
      connector: string;
      /** @description Those that writeBack declares. */
      attributes: string[];
      permissions: {
        what: string;
        /** @description Null: it could not be tried without changing data, or the vendor did not answer. */
        allowed: boolean | null;
        note: string;
      }[];
    };
    /** @description Held deliveries of one run that would lose the same thing. */
    HoldGroup: {
      source: string;
      runId: number | null;
      /**
       * @description `deleted`, the field that would be blanked, or the segment: `enters segment ID`, `leaves segment ID`, `may move in segment ID`.
       * @example phone
       */
      change: string;
      open: number;
      /** Format: date-time */
      firstHeldAt: string;
      samples: {
        sourceId: string;
        /** @description The value that would be lost. Null if the customer itself would be deleted. Of a segment: its name, and what the destination has of its fields. */
        from?: unknown;
      }[];
    };
    /** @description A held delivery, with what it would do. */
    Hold: {
      id: number;
      sourceId: string;
      source: string;
      runId: number | null;
      /**
       * @description `deleted`, the field that would be blanked, or the segment: `enters segment ID`, `leaves segment ID`, `may move in segment ID`.
       * @example phone
       */
      change: string;
      /** @description The value that would be lost. Null if the customer itself would be deleted. Of a segment: its name, and what the destination has of its fields. */
      from?: unknown;
      /** Format: date-time */
      heldAt: string;
      /**
       * @description What would happen to the customer at the destination if all its holds were released.
       * @enum {string}
       */
      action: 'none' | 'write' | 'remove' | 'erase';
      /** @description By field: what the destination acknowledged, and the new value. */
      difference: {
        [key: string]: {
          from?: unknown;
          to?: unknown;
        };
      };
      /** @description The exact payload; null if nothing is written. */
      payload: {
        [key: string]: unknown;
      } | null;
    };
    /** @description What was decided about held deliveries. */
    Decided: {
      /** @description Holds that were decided. */
      holds: number;
      /** @description Customers that are no longer held. */
      customers: number;
    };
    /**
     * @description The holds: those that match all of ids, runId and change, or `{"all": true}`.
     * @example {
     *       "runId": 12,
     *       "change": "phone"
     *     }
     */
    HoldChoice: {
      ids?: number[];
      runId?: number;
      change?: string;
      /** @enum {boolean} */
      all?: true;
    };
    /** @description What a proposed configuration would do. */
    Preview: {
      /** @description False: nothing would change. */
      differs: boolean;
      /** @example 1,204 customers: phone changes; 3 lose birthdate */
      summary: string;
      customers: {
        looked: number;
        /** @description Customers whose fields would change. */
        differing: number;
        created: components['schemas']['Group'];
        orphaned: components['schemas']['Group'];
        returned: components['schemas']['Group'];
      };
      fields: {
        field: string;
        set: components['schemas']['Group'];
        changed: components['schemas']['Group'];
        cleared: components['schemas']['Group'];
        dropped: components['schemas']['Group'];
      }[];
      /** @description Who would enter and leave which segment of the destination. */
      segments: {
        /**
         * Format: date-time
         * @description When the segments were read. Null: never.
         */
        readAt: string | null;
        /** @description Why they could not be read the last time. */
        fault: string | null;
        segments: components['schemas']['SegmentMoves'][];
      };
      kinds: {
        sentence: string;
        count: number;
        sourceIds: string[];
      }[];
      writes: {
        customers: number;
        removed: number;
        payloadBytes: number;
        calls: {
          single: number;
          bulk: number;
          reads: number;
          total: number;
        };
        payloads: {
          sourceId: string;
          payload?: unknown;
        }[];
      };
      notes: string[];
      records: {
        looked: number;
        filtered: components['schemas']['Group'];
        letIn: components['schemas']['Group'];
        moved: components['schemas']['Group'];
        staying: components['schemas']['Group'];
        joined: components['schemas']['Group'];
      };
      faults: {
        source: string;
        field: string;
        newlyFaulty: components['schemas']['Group'];
        noLongerFaulty: components['schemas']['Group'];
      }[];
      /** @description Properties that the proposal reads and no stored record has. Only a full sync reads them. */
      unread: {
        source: string;
        properties: string[];
      }[];
      sources: {
        added: string[];
        removed: string[];
      };
    };
    /**
     * @description A proposed configuration, or parts of one.
     * @example {
     *       "mapping": {
     *         "hubspot": {
     *           "email": "email",
     *           "metadata.plan": "plan"
     *         }
     *       }
     *     }
     */
    PreviewRequest: {
      /** @description A complete configuration, as in its file. The environment is not read: a setting that refers to it keeps the value of the present configuration. */
      config?: {
        [key: string]: unknown;
      };
      /** @description Instead of `config`: the proposed mappings, by source. */
      mapping?: {
        [key: string]: {
          [key: string]: unknown;
        };
      };
      /** @description Instead of `config`: the proposed merge. */
      merge?: {
        [key: string]: unknown;
      };
      /**
       * @description The number of exact payloads, or the source IDs whose payloads are returned.
       * @default 0
       */
      payloads?: number | string[];
      /**
       * @description The number of examples in each group.
       * @default 5
       */
      samples?: number;
    };
    /** @description What the pending write-backs would take. */
    WriteBackForecast: {
      /** Format: date-time */
      at: string;
      /** @description Reading the facts at the destination. */
      reading: {
        calls: {
          what: string;
          bucket: string | null;
          calls: number;
        }[];
        quotas: {
          quota: string;
          calls: number;
          limit: number;
          seconds: number;
          budget: number;
          share: number;
          waitMinutes: number;
          fits: boolean;
        }[];
        minutes: number;
        /** Format: date-time */
        endsAt: string;
        /** @description The quota that causes most of the waiting. Null: the calls take the time. */
        bottleneck: string | null;
        fits: boolean;
        connector: string;
        /** @description Not all customers have been read yet. */
        first: boolean;
        /** @description Those whose facts are still to be read. */
        customers: number;
        /** @description False: the destination does not say how many there are. */
        isKnown: boolean;
        /** @description Why nothing happens now, if it is paused. */
        paused: string | null;
      };
      vendors: {
        calls: {
          what: string;
          bucket: string | null;
          calls: number;
        }[];
        quotas: {
          quota: string;
          calls: number;
          limit: number;
          seconds: number;
          budget: number;
          share: number;
          waitMinutes: number;
          fits: boolean;
        }[];
        minutes: number;
        /** Format: date-time */
        endsAt: string;
        /** @description The quota that causes most of the waiting. Null: the calls take the time. */
        bottleneck: string | null;
        fits: boolean;
        source: string;
        connector: string;
        /** @description Customers that wait to be written. */
        pending: number;
        /** @description Customers of the vendor whose facts have not been read yet: at most so many more are written. */
        expected: number;
        dryRun: boolean;
        /** @description Why nothing happens now, if it is paused. */
        paused: string | null;
      }[];
    };
    /** @description What a run would take of one quota. */
    ForecastQuota: {
      /** @enum {string} */
      side: 'source' | 'destination';
      quota: string;
      calls: number;
      /** @description The calls in any `seconds` that this run may make, without the reserve. */
      limit: number;
      seconds: number;
      /** @description The calls of `limit` that remain when it begins. */
      budget: number;
      /** @description The share of what the quota allows during the run, or in one window if that is longer: 0 to 1. */
      share: number;
      /** @description How long the run waits for this quota. */
      waitMinutes: number;
      fits: boolean;
      bucket: string | null;
      all: boolean;
    };
    /**
     * @description The run to forecast.
     * @example {
     *       "source": "hubspot",
     *       "mode": "full"
     *     }
     */
    PlanRequest: {
      /** @description Default: every source that is pulled, each on its own. */
      source?: string;
      /**
       * @default incremental
       * @enum {string}
       */
      mode?: 'incremental' | 'full';
      /** @description The number of records to assume. Only with `source`. */
      records?: number;
      /** @description A finished dry run of this source and mode, whose counts are exact. */
      dryRunId?: number;
      /**
       * @description Answer even if a quota of a day or longer has too few calls left.
       * @default false
       */
      force?: boolean;
    };
    /** @description A forecast and what the run took. */
    KeptForecast: {
      id: number;
      /** Format: date-time */
      madeAt: string;
      forecast: components['schemas']['Forecast'];
      /** @description The run that was forecast. */
      runId: number | null;
      /** @description What the run took. Null until it has ended and its customers are settled. */
      actual: components['schemas']['ForecastActual'] | null;
      /** @description Actual by forecast. */
      ratio: {
        calls: number | null;
        minutes: number | null;
        customers: number | null;
      } | null;
    };
    /** @description What a run would take. */
    Forecast: {
      source: string;
      /** @enum {string} */
      mode: 'incremental' | 'full';
      /** @description The source has never been read completely. */
      first: boolean;
      /** Format: date-time */
      at: string;
      /** @enum {string} */
      lane: 'webhook' | 'manual' | 'schedule' | 'backfill';
      accounts: {
        source: string | null;
        destination: string;
      };
      vendors: {
        source: string;
        destination: string;
      };
      records: {
        count: number;
        /** @enum {string} */
        basis: 'vendor' | 'dry run' | 'given' | 'last full run' | 'recent runs' | 'stored records';
      };
      /** @description The number of customers that are assumed to be written. */
      customers: number;
      bytes: {
        read: number;
        written: number;
      };
      calls: {
        /** @enum {string} */
        side: 'source' | 'destination';
        what: string;
        bucket: string | null;
        calls: number;
      }[];
      totals: {
        source: number;
        destination: number;
      };
      quotas: components['schemas']['ForecastQuota'][];
      minutes: number;
      /** @description The time until the last record is read. */
      readMinutes: number;
      /** Format: date-time */
      endsAt: string;
      /** @description The quota that causes most of the waiting. Null: the calls themselves take the time. */
      bottleneck: {
        /** @enum {string} */
        side: 'source' | 'destination';
        quota: string;
      } | null;
      fits: boolean;
      assumptions: string[];
    };
    /** @description What the run took. */
    ForecastActual: {
      /** @enum {string} */
      state: 'requested' | 'finished' | 'failed' | 'cancelled';
      /** Format: date-time */
      beganAt: string;
      /** Format: date-time */
      endedAt: string;
      minutes: number;
      records: number;
      customers: number;
      calls: {
        source: number | null;
        destination: number | null;
      };
      quotas: {
        /** @enum {string} */
        side: 'source' | 'destination';
        quota: string;
        calls: number;
      }[];
    };
    /** @description A comparison of customers with what the destination holds. */
    Verification: {
      id: number;
      /**
       * @description `requested` until it has ended.
       * @enum {string}
       */
      state: 'requested' | 'finished' | 'failed';
      /** @description A worker is processing it. */
      working: boolean;
      request: {
        /** @description The number of random customers. Null: all. */
        sample: number | null;
        heal: boolean;
        /** @enum {string} */
        by: 'person' | 'schedule';
        /** Format: date-time */
        slot: string | null;
        /** @description The sources that are verified as well. Null: none. */
        sources: string[] | null;
        /**
         * @description Whether the contents of a sample or of all records are compared where the clocks are the same.
         * @enum {string}
         */
        contents: 'sample' | 'all';
      };
      /** Format: date-time */
      requestedAt: string;
      /** Format: date-time */
      startedAt: string | null;
      /** Format: date-time */
      endedAt: string | null;
      /**
       * Format: date-time
       * @description When it continues.
       */
      dueAt: string | null;
      error: string | null;
      report: components['schemas']['VerificationReport'];
      previousHash: string | null;
      /** @description SHA-256 of `previousHash` (nothing for the first) followed by the report as JSON with sorted keys and no white space, each example replaced by the SHA-256 of its own such JSON, or by what `erased` says. */
      hash: string | null;
      /** @description The receipt, signed when it ended. Null until then, without TRIBUTARY_SECRET_KEY, and for those of versions that did not sign. */
      signed: components['schemas']['SignedVerification'] | null;
    };
    /** @description The counts so far; complete when it has finished. */
    VerificationReport: {
      /** @enum {string} */
      mode: 'full' | 'sample';
      /**
       * @description How the destination was read: by its export, page by page, or one by one.
       * @enum {string|null}
       */
      source: 'export' | 'list' | 'reads' | null;
      /** @description Why no export was used. */
      fallback: string | null;
      /** @description Customers of which the destination had acknowledged a value. */
      acknowledged: number;
      /** @description The sum of matching, differing and stale. */
      compared: number;
      matching: number;
      differing: {
        count: number;
        /** @description By field: the number of customers in which it differs. */
        fields: {
          [key: string]: number;
        };
        examples: (
          | {
              sourceId: string;
              /** @description By field: what was acknowledged, and what the destination has. */
              fields: {
                [key: string]: {
                  expected?: unknown;
                  found?: unknown;
                };
              };
              /** @description Random, so that the hash of the example reveals nothing. */
              salt: string;
            }
          | {
              erased: string;
            }
        )[];
      };
      /** @description Equal to what was acknowledged, but their stored records give other values and no delivery is pending: `expected` is what the records give, `found` what was acknowledged. Absent in reports of older versions. */
      stale?: {
        count: number;
        /** @description By field: the number of customers in which it differs. */
        fields: {
          [key: string]: number;
        };
        examples: (
          | {
              sourceId: string;
              /** @description By field: what was acknowledged, and what the destination has. */
              fields: {
                [key: string]: {
                  expected?: unknown;
                  found?: unknown;
                };
              };
              /** @description Random, so that the hash of the example reveals nothing. */
              salt: string;
            }
          | {
              erased: string;
            }
        )[];
      };
      /** @description Acknowledged, and no longer at the destination. */
      missing: {
        count: number;
        examples: (
          | {
              sourceId: string;
              /** @description Random, so that the hash of the example reveals nothing. */
              salt: string;
            }
          | {
              erased: string;
            }
        )[];
      };
      /** @description The missing customers that a webhook had reported as deleted. */
      deletedThere: number;
      /** @description At the destination, but never sent by Tributary. They are not changed. */
      unknownToUs: {
        count: number;
        examples: (
          | {
              sourceId: string;
              /** @description Random, so that the hash of the example reveals nothing. */
              salt: string;
            }
          | {
              erased: string;
            }
        )[];
      };
      withoutSourceId: number;
      /** @description Set aside, because a delivery was pending. */
      inFlight: number;
      /** @description Customers that cannot be read, by reason. */
      unread: {
        [key: string]: number;
      };
      notCompared: {
        field: string;
        customers: number;
        why: string;
      }[];
      /** @description Values that are equal in the destination's own form. They are not differences. */
      forms: {
        field: string;
        /** @enum {string} */
        form: 'date' | 'phone' | 'number' | 'empty' | 'blanks';
        customers: number;
      }[];
      calls: number;
      seconds: number;
      /** @description What the sample says about all customers. */
      confidence: {
        level: number;
        /** @description The upper bound of the share of all customers that differ, 0 to 1. */
        upperShare: number;
        sentence: string;
      } | null;
      /** @description Customers that were queued for delivery again. */
      healed: number;
      /** @description What was found at the vendors of sources. Absent where no source was verified. */
      streams?: {
        source: string;
        stream: string;
        /**
         * @description `proven`: the vendor was read to the end. `unproven`: it was not, for the reason `why`.
         * @enum {string}
         */
        state: 'waiting' | 'reading' | 'proven' | 'unproven';
        why: string | null;
        /**
         * @description How the vendor was read: by a list of IDs and clocks, or by the pages of a full reading, whose contents are compared.
         * @enum {string|null}
         */
        by: 'inventory' | 'pages' | null;
        /** @description Changes at the vendor after this time are not expected to be stored yet. */
        settledBefore: string | null;
        /** @description Forecast before it was read. */
        expectedCalls: number | null;
        calls: number;
        /** @description The vendor's own count of its records. */
        counted: number | null;
        /** @description Records that the vendor counts and does not list. */
        hidden: number;
        listed: {
          /** @description The sum of the others. */
          count: number;
          matched: number;
          /** @description Records with a finding. */
          found: number;
          /** @description Changed so recently that they may still arrive, or waiting to be read: neither equal nor different. */
          postponed: number;
          /** @description Rejected before, and listed among the problems. */
          rejected: number;
          /** @description Of persons who were erased here. */
          erased: number;
          /** @description The vendor did not give them when they were read by ID. */
          unread: number;
          /** @description Not looked at, or nothing proves what became of them. */
          unproven: number;
        };
        /** @description Stored records that the list does not have. */
        notListed: {
          /** @description The sum of the others. */
          count: number;
          matched: number;
          /** @description Records with a finding. */
          found: number;
          /** @description Changed so recently that they may still arrive, or waiting to be read: neither equal nor different. */
          postponed: number;
          /** @description Rejected before, and listed among the problems. */
          rejected: number;
          /** @description Of persons who were erased here. */
          erased: number;
          /** @description The vendor did not give them when they were read by ID. */
          unread: number;
          /** @description Not looked at, or nothing proves what became of them. */
          unproven: number;
        };
        /** @description Matched records that are stored and left out by a filter. */
        filtered: number;
        /** @description Records with the same clock whose contents were compared as well. */
        sampled: number;
        findings: {
          /** @enum {string} */
          kind:
            | 'missing'
            | 'filtered'
            | 'stale'
            | 'content'
            | 'ahead'
            | 'deletedThere'
            | 'deletedHere'
            | 'mergedThere'
            | 'mergedHere'
            | 'otherCustomer'
            | 'undelivered';
          count: number;
          examples: (
            | {
                recordId: string;
                sourceId: string | null;
                /** @description The names of the properties that differ. */
                properties: string[];
                detail: string | null;
                changedThere: string | null;
                changedHere: string | null;
                salt: string;
              }
            | {
                erased: string;
              }
          )[];
        }[];
        /** @description Records that are read again, to mend what was found. */
        touched: number;
      }[];
      summary: string | null;
    };
    /** @description A statement with its signature, which anybody can check. */
    SignedVerification: {
      statement: components['schemas']['VerificationStatement'];
      signature: components['schemas']['ReceiptSignature'];
    };
    /** @description What a verification found, as it was signed. */
    VerificationStatement: {
      /** @enum {string} */
      type: 'tributary.verification.1';
      id: number;
      /**
       * @description The account at the destination.
       * @example voucherify:api.voucherify.io:app-id
       */
      destination: string;
      /** Format: date-time */
      requestedAt: string;
      /** Format: date-time */
      endedAt: string;
      /** @enum {string} */
      mode: 'full' | 'sample';
      acknowledged: number;
      compared: number;
      matching: number;
      differing: number;
      stale: number;
      missing: number;
      unknownToUs: number;
      inFlight: number;
      unread: number;
      healed: number;
      previousHash: string | null;
      /** @description The hash of the report; see `hash` of a verification. */
      hash: string;
    };
    /**
     * @description What is to be compared.
     * @example {
     *       "sample": 100
     *     }
     */
    VerificationRequest: {
      /** @description The number of random customers to read, one call each. */
      sample?: number;
      /**
       * @description All customers: the default.
       * @enum {boolean}
       */
      full?: true;
      /**
       * @description Send differing and missing customers again, including those deleted at the destination, and read records again that differ from the vendor. Nothing is ever deleted at the destination.
       * @default false
       */
      heal?: boolean;
      /** @description The sources whose vendors are read first and compared with the stored records. Default: none. */
      sources?: 'all' | string[];
      /**
       * @description Of a source: compare the contents of a sample of the records whose clock is the same, or of all records. Default: a sample.
       * @default sample
       * @enum {string}
       */
      contents?: 'sample' | 'all';
    };
    /** @description The calls that reading one stream takes. */
    SourceProofForecast: {
      source: string;
      stream: string;
      /**
       * @description As `by` of a stream of the report. Null: the vendor has no list of these records.
       * @enum {string|null}
       */
      by: 'inventory' | 'pages' | null;
      /** @description Records that are stored and stand. */
      records: number;
      /** @description Calls to the vendor if nothing differs. Null: not known before it is read. */
      calls: number | null;
    };
    /** @description One record that differs from the vendor. */
    SourceFinding: {
      source: string;
      stream: string;
      recordId: string;
      sourceId: string | null;
      /** @enum {string} */
      kind:
        | 'missing'
        | 'filtered'
        | 'stale'
        | 'content'
        | 'ahead'
        | 'deletedThere'
        | 'deletedHere'
        | 'mergedThere'
        | 'mergedHere'
        | 'otherCustomer'
        | 'undelivered';
      /** @description The names of the properties that differ. */
      properties: string[];
      /**
       * Format: date-time
       * @description The vendor's clock of the record.
       */
      changedThere: string | null;
      /**
       * Format: date-time
       * @description The clock of the stored record.
       */
      changedHere: string | null;
      detail: string | null;
    };
    /** @description A JSON Web Key Set (RFC 7517). The first key signs. */
    ReceiptKeys: {
      keys: components['schemas']['ReceiptKey'][];
    };
    /** @description A public key, as a JSON Web Key (RFC 7517). */
    ReceiptKey: {
      /** @enum {string} */
      kty: 'OKP';
      /** @enum {string} */
      crv: 'Ed25519';
      x: string;
      kid: string;
      /** @enum {string} */
      use: 'sig';
      /** @enum {string} */
      alg: 'EdDSA';
    };
    /** @description How the webhooks of a source are set up. */
    Webhook: {
      source: string;
      connector: string;
      /** @description The address that the vendor sends to. `{secret}` stands for the secret in the settings. */
      url: string;
      /** @description The same without scheme and host. */
      path: string;
      /** @description True: from `publicUrl`. False: from the address of this request. */
      isPublic: boolean;
      /** @description How a request is authenticated. Any one of these is sufficient. */
      authentication: string[];
      /** @description Further conditions. */
      checks: string[];
      /** @description What to choose at the vendor. */
      headers: {
        name: string;
        value: string;
      }[];
      handshake: string[];
      /** @description What to paste, if the vendor lets you write the request. */
      recipe: components['schemas']['Recipe'] | null;
      notes: string[];
      /** @enum {string} */
      form: 'json' | 'form' | 'soap';
      limits: {
        maxBodyBytes: number;
        requestsPerSecond: number;
        /** @description How long opened requests are kept. */
        keepDays: number;
        /** @description How long the vendor may repeat a request. */
        retryHorizonSeconds: number;
      };
      sample: string | null;
      /** @description False: every request is refused, and `missing` says what to set. */
      configured: boolean;
      missing: string | null;
      /** @description Requests that are waiting to be opened. */
      waiting: number;
      /** Format: date-time */
      oldestWaitingAt: string | null;
      /** @description Requests that could not be read. */
      dead: number;
      /** @description Records named by requests that are waiting to be read. */
      toRead: number;
      /** Format: date-time */
      oldestToReadAt: string | null;
      /** @description How the changes of the last 24 hours became known. */
      coverage: components['schemas']['Coverage'] | null;
      /** @description What Tributary renews at the vendor before it expires. Null where nothing is renewed. */
      subscription: components['schemas']['Subscription'] | null;
      /** @description Requests that this process refused in the last 24 hours, by reason, latest first. */
      refusals: components['schemas']['Refusal'][];
    };
    /** @description What is entered at the vendor. */
    Recipe: {
      where: string;
      method: string;
      headers: {
        name: string;
        value: string;
      }[];
      body: string;
    };
    /** @description What became of a sample request. */
    WebhookTest: {
      sent: boolean;
      /** @description Why nothing was sent. */
      reason: string | null;
      /** @description With `{secret}` in place of the secret. */
      url: string | null;
      /** @description The status of the answer. */
      status: number | null;
      /** @description The body of the answer, or why the request was refused. */
      answer: string | null;
      /** @description The stored request. Null if it was not stored. `waiting` if it was not opened within five seconds. */
      request: components['schemas']['InboxRequest'] | null;
    };
  };
  responses: {
    /** @description Bad input */
    400: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description Not logged in */
    401: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description Forbidden */
    403: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description Not found */
    404: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description Conflict */
    409: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description Too large */
    413: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description Unsupported media type */
    415: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description Unprocessable content */
    422: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description Too many requests */
    429: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description Unexpected error */
    500: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description Not ready */
    503: {
      headers: {
        [name: string]: unknown;
      };
      content: {
        'application/problem+json': components['schemas']['Problem'];
      };
    };
  };
  parameters: {
    /**
     * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
     * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
     */
    IdempotencyKey: string;
  };
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  isLive: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It lives. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @enum {string} */
            status: 'live';
          };
        };
      };
    };
  };
  isReady: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It takes writes. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @enum {string} */
            status: 'ready';
          };
        };
      };
      503: components['responses']['503'];
    };
  };
  listTokens: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The tokens, by name. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            tokens: components['schemas']['Token'][];
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  createToken: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /**
           * @description Whose token it is. The audit names it.
           * @example anna
           */
          name: string;
          /** @enum {string} */
          role: 'viewer' | 'operator' | 'admin';
          /** @description For so many days it is valid. Default: until it is revoked. */
          days?: number;
        };
      };
    };
    responses: {
      /** @description The token, which is shown only here. */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['NewToken'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  revokeToken: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path: {
        /** @description Whose token it is. The audit names it. */
        name: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The tokens that remain. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            tokens: components['schemas']['Token'][];
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listAudit: {
    parameters: {
      query?: {
        /** @description Only what this token did. */
        by?: string;
        /** @description `nextCursor` of the previous page. Default: the first page. */
        cursor?: string;
        /** @description How many items a page has, at most. */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The entries. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            entries: components['schemas']['AuditEntry'][];
            /** @description `cursor` of the next page; null on the last. */
            nextCursor: string | null;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  getStatus: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The status. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Status'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  getBalance: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Both sums. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Balance'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listLogs: {
    parameters: {
      query?: {
        /** @description Only lines that were written since: `nextCursor` of an earlier answer. Default: the newest lines. */
        cursor?: string;
        /** @description Only lines of this level or a worse one. What LOG_LEVEL leaves out is not kept. */
        level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
        /** @description How many items a page has, at most. */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The lines. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            lines: components['schemas']['LogLine'][];
            /** @description `cursor` for the lines that are written from now on. Null while there is none. */
            nextCursor: string | null;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  getMetrics: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The metrics, in the text format of Prometheus. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'text/plain': string;
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  getSpend: {
    parameters: {
      query?: {
        /** @description The number of hours to report, including the present one. */
        hours?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description By vendor. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            vendors: {
              /** @description The source, or `destination`. */
              name: string;
              account: string;
              spent: {
                quota: string;
                /** @enum {string} */
                lane: 'webhook' | 'manual' | 'schedule' | 'backfill';
                /** Format: date-time */
                hour: string;
                calls: number;
                /** @description The calls among them that were answered 429 for this quota. */
                refused: number;
              }[];
            }[];
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listCalls: {
    parameters: {
      query?: {
        /** @description A source, or `destination`. */
        of?: string;
        /** @description true: only calls without an answer, and those that were answered with 400 or more. */
        failed?: 'true' | 'false';
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Calls of this worker. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @description The process that answers. Each worker keeps its own calls. */
            worker: {
              host: string;
              pid: number;
            };
            calls: components['schemas']['Call'][];
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listSources: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The sources. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            sources: components['schemas']['Source'][];
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  withdrawSource: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path: {
        /** @description The name of a source in the configuration. */
        source: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The source is withdrawn; a `remap` run withdraws its contributions. */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            name: string;
            /** @enum {boolean} */
            withdrawn: true;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  syncSource: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path: {
        /** @description The name of a source in the configuration. */
        source: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['Sync'];
      };
    };
    responses: {
      /** @description The requested run. */
      202: {
        headers: {
          /** @description The run. */
          Location?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Run'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  pauseSource: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path: {
        /** @description The name of a source in the configuration. */
        source: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['PauseRequest'];
      };
    };
    responses: {
      /** @description It is paused. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Paused'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  resumeSource: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path: {
        /** @description The name of a source in the configuration. */
        source: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It is not paused. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Paused'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  beginSignIn: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path: {
        /** @description The name of a source in the configuration. */
        source: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['SignInRequest'];
      };
    };
    responses: {
      /** @description The link to open. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SignIn'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  finishSignIn: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path: {
        /** @description The name of a source in the configuration. */
        source: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['SignInFinishRequest'];
      };
    };
    responses: {
      /** @description The tokens are stored. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['SignedIn'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  importFile: {
    parameters: {
      query?: {
        /** @description The file's name, for messages. */
        name?: string;
        /** @description The delimiter of columns: `,`, `;`, `|`, `tab` or `auto`. Default: as the source's settings say. */
        delimiter?: string;
        /** @description The file's encoding: `utf-8`, `windows-1250`, `utf-16le` or another label of the Encoding Standard. Default: as the source's settings say. */
        encoding?: string;
        /** @description `true`: the file lists every record, so records of the source that are not in it are deleted. */
        complete?: 'true' | 'false';
        /** @description The column that identifies a customer, in a file that has no column `Source_id`. */
        sourceId?: string;
        /** @description The columns of fields that column names do not reveal, as JSON. */
        map?: string;
        /** @description Settings of the source that apply to this file only, as JSON. */
        settings?: string;
        /** @description Nothing is stored or sent: the run reports what the import would do. */
        dryRun?: 'true' | 'false';
      };
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path: {
        /** @description The name of a source in the configuration. */
        source: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'text/csv': string;
      };
    };
    responses: {
      /** @description The run that reads it. */
      202: {
        headers: {
          /** @description The run. */
          Location?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Run'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  decideProject: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /**
           * @description new: every customer is sent to it. same: what was acknowledged still counts.
           * @enum {string}
           */
          as: 'new' | 'same';
        };
      };
    };
    responses: {
      /** @description The decision is stored, and the destination is no longer paused for this reason. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @enum {string} */
            as: 'new' | 'same';
            due: number;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  pauseDestination: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['PauseRequest'];
      };
    };
    responses: {
      /** @description It is paused. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Paused'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  resumeDestination: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It is not paused. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Paused'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      409: components['responses']['409'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  getProbe: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The answers. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ProbeFound'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  probe: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['ProbeConsent'];
      };
    };
    responses: {
      /** @description What was found out. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ProbeDone'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listDeliveries: {
    parameters: {
      query?: {
        /** @description Only customers whose records these runs changed; `delivered` counts those delivered since the runs were requested. */
        runs?: string;
        /** @description Of the delivered customers count only those delivered since this time. */
        since?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Customers by the state of their delivery, and records named by webhooks that are still to be read, of sources that are not paused. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            total: number;
            waiting: number;
            delivered: number;
            held: number;
            dead: number;
            /** @description Values that were left out of the records of the runs. Only with `runs`. */
            quarantined?: number;
            toRead: number;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listRuns: {
    parameters: {
      query?: {
        /** @description Only runs of this source. */
        source?: string;
        /** @description Only runs in this state. */
        state?: 'requested' | 'finished' | 'failed' | 'cancelled';
        /** @description `nextCursor` of the previous page. Default: the first page. */
        cursor?: string;
        /** @description How many items a page has, at most. */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of runs. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            runs: components['schemas']['Run'][];
            /** @description `cursor` of the next page; null on the last. */
            nextCursor: string | null;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  getRun: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The ID of a run. */
        id: number;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The run. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ReportedRun'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  cancelRun: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path: {
        /** @description The ID of a run. */
        id: number;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The run. */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Run'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  previewUndo: {
    parameters: {
      query?: {
        /** @description Whether customers that the run created are taken away from the destination. */
        created?: 'true' | 'false';
      };
      header?: never;
      path: {
        /** @description The ID of a run. */
        id: number;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description What would change, and what is spared. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['UndoPreview'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  undoRun: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path: {
        /** @description The ID of a run. */
        id: number;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['UndoRequest'];
      };
    };
    responses: {
      /** @description The run that undoes it. */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Run'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listUndos: {
    parameters: {
      query?: {
        /** @description `nextCursor` of the previous page. Default: the first page. */
        cursor?: string;
        /** @description How many items a page has, at most. */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of undos. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            undos: components['schemas']['Undo'][];
            /** @description `cursor` of the next page; null on the last. */
            nextCursor: string | null;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listSpared: {
    parameters: {
      query?: {
        /** @description `nextCursor` of the previous page. Default: the first page. */
        cursor?: string;
        /** @description How many items a page has, at most. */
        limit?: number;
      };
      header?: never;
      path: {
        /** @description The ID of a run. */
        id: number;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page, ordered by source ID. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            undo: components['schemas']['Undo'] | null;
            spared: components['schemas']['SparedValue'][];
            /** @description `cursor` of the next page; null on the last. */
            nextCursor: string | null;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listCustomers: {
    parameters: {
      query?: {
        /** @description `nextCursor` of the previous page. Default: the first page. */
        cursor?: string;
        /** @description Only customers whose delivery is in this state. Combines with `search`. */
        state?: 'waiting' | 'held' | 'delivered' | 'dead';
        /** @description Only customers whose source ID, e-mail, telephone number or a word of whose name begins with this text; or, as `metadata.plan:gold`, those with this value of a field. */
        search?: string;
        /** @description How many items a page has, at most. */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of customers. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            customers: components['schemas']['CustomerLine'][];
            /** @description `cursor` of the next page; null on the last. */
            nextCursor: string | null;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  getCustomer: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Percent-encoded, so that it can contain slashes. */
        sourceId: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The customer. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Customer'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  eraseCustomer: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path: {
        /** @description Percent-encoded, so that it can contain slashes. */
        sourceId: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['EraseRequest'];
      };
    };
    responses: {
      /** @description The receipt. It is open until every store has answered. */
      202: {
        headers: {
          /** @description The receipt. */
          Location?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Erasure'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  explainCustomer: {
    parameters: {
      query?: {
        /** @description This field alone, or this attribute that is written back. */
        field?: string;
      };
      header?: never;
      path: {
        /** @description A source ID, else the ID of a record, else an e-mail address. Percent-encoded. */
        sourceId: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The reasons. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Explanation'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  getCustomerHistory: {
    parameters: {
      query?: {
        /** @description `nextCursor` of the previous page. Default: the first page. */
        cursor?: string;
        /** @description How many items a page has, at most. */
        limit?: number;
        /** @description Return the fields as of this time instead. */
        at?: string;
      };
      header?: never;
      path: {
        /** @description A source ID, else the ID of a record, else an e-mail address. Percent-encoded. */
        sourceId: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The history. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['History'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  pinField: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path: {
        /** @description Percent-encoded. */
        sourceId: string;
        /** @description A field of the customer. */
        field: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['PinRequest'];
      };
    };
    responses: {
      /** @description It is pinned. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Pin'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  unpinField: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path: {
        /** @description Percent-encoded. */
        sourceId: string;
        /** @description A field of the customer. */
        field: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It is released. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Unpinned'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listQuarantine: {
    parameters: {
      query?: {
        /** @description acknowledged: those that a person knows of and lets be, until they change. */
        state?: 'open' | 'acknowledged';
        /** @description Only values of this source. */
        source?: string;
        /** @description Only values of this field. */
        field?: string;
        /** @description `nextCursor` of the previous page. Default: the first page. */
        cursor?: string;
        /** @description How many items a page has, at most. */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of them. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            values: components['schemas']['QuarantinedValue'][];
            /** @description `cursor` of the next page; null on the last. */
            nextCursor: string | null;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  acknowledgeQuarantine: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description Only values of this source. */
          source?: string;
          /** @description Only values of this stream of the source. */
          stream?: string;
          /** @description Only values of these records of the source. */
          recordIds?: string[];
          /** @description Only values of this field. */
          field?: string;
          /** @enum {boolean} */
          all?: true;
          /**
           * Format: date-time
           * @description Only values of records that were received by then.
           */
          receivedUntil?: string;
          /** @description The reason; it is kept with the value. */
          reason: string;
        };
      };
    };
    responses: {
      /** @description How many values they are. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            values: number;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  reopenQuarantine: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description Only values of this source. */
          source?: string;
          /** @description Only values of this stream of the source. */
          stream?: string;
          /** @description Only values of these records of the source. */
          recordIds?: string[];
          /** @description Only values of this field. */
          field?: string;
          /** @enum {boolean} */
          all?: true;
          /**
           * Format: date-time
           * @description Only values of records that were received by then.
           */
          receivedUntil?: string;
        };
      };
    };
    responses: {
      /** @description How many values they are. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            values: number;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listClashes: {
    parameters: {
      query?: {
        /** @description `nextCursor` of the previous page. Default: the first page. */
        cursor?: string;
        /** @description How many items a page has, at most. */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of them, ordered by source ID. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            clashes: components['schemas']['Clash'][];
            /** @description `cursor` of the next page; null on the last. */
            nextCursor: string | null;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  unmergeRecord: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path: {
        /** @description The name of a source in the configuration. */
        source: string;
        /** @description Percent-encoded. */
        recordId: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The record is separate, and stays separate even if the vendor reports the merge again. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            unmerged: components['schemas']['Unmerged'][];
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  rewindSource: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path: {
        /** @description The name of a source in the configuration. */
        source: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['Rewind'];
      };
    };
    responses: {
      /** @description The run that reads it. */
      202: {
        headers: {
          /** @description The run. */
          Location?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Run'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  findPeople: {
    parameters: {
      query: {
        /** @description A source ID, the ID of a record, or an e-mail address. */
        id: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description All customers that match in the first of these ways; empty if none does. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            people: {
              sourceId: string;
              /** @example record 951 of hubspot (contacts) */
              by: string;
            }[];
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listErasures: {
    parameters: {
      query?: {
        /** @description Only receipts in this state. */
        state?: 'open' | 'complete';
        /** @description `nextCursor` of the previous page. Default: the first page. */
        cursor?: string;
        /** @description How many items a page has, at most. */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of receipts. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            erasures: components['schemas']['Erasure'][];
            /**
             * Format: uuid
             * @description `cursor` of the next page; null on the last.
             */
            nextCursor: string | null;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  getErasure: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The ID of a receipt. */
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The receipt. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Erasure'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  liftErasure: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['LiftRequest'];
      };
    };
    responses: {
      /** @description The person can come back. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @description The number of keyed hashes removed. */
            lifted: number;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  exportCustomers: {
    parameters: {
      query?: {
        /** @description `nextCursor` of the previous page. Default: the first page. */
        cursor?: string;
        /** @description Only customers whose fields changed at or after this time. */
        changedSince?: string;
        /** @description Values by field name, as JSON; all must match. A list matches a value if it contains it. */
        filter?: string;
        /** @description Only these fields, comma-separated. Default: all. */
        fields?: string;
        /** @description How many customers a page has, at most. */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of customers. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            customers: {
              sourceId: string;
              /** @description Values by field name. */
              fields: {
                [key: string]: unknown;
              };
              /**
               * Format: date-time
               * @description When its fields last changed.
               */
              updatedAt: string;
            }[];
            /** @description `cursor` of the next page; null on the last. */
            nextCursor: string | null;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listDeadLetters: {
    parameters: {
      query?: {
        /** @description Only those of this kind. */
        kind?: 'inbox' | 'record' | 'delivery' | 'writeBack';
        /** @description The source, or `destination` for deliveries. */
        source?: string;
        /** @description Only those with this code. */
        code?: string;
        /** @description Given up at this time or later. */
        since?: string;
        /** @description Given up before this time. */
        until?: string;
        /** @description A text in its reference or message. Case-insensitive. */
        text?: string;
        /** @description `nextCursor` of the previous page. Default: the first page. */
        cursor?: string;
        /** @description How many items a page has, at most. */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of dead letters. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            deadLetters: components['schemas']['DeadLetter'][];
            /** @description `cursor` of the next page; null on the last. */
            nextCursor: string | null;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  retryDeadLetters: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['Retry'];
      };
    };
    responses: {
      /** @description What is retried. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Retried'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listDeadLetterGroups: {
    parameters: {
      query?: {
        /** @description Only those of this kind. */
        kind?: 'inbox' | 'record' | 'delivery' | 'writeBack';
        /** @description The source, or `destination` for deliveries. */
        source?: string;
        /** @description Only those with this code. */
        code?: string;
        /** @description Given up at this time or later. */
        since?: string;
        /** @description Given up before this time. */
        until?: string;
        /** @description A text in its reference or message. Case-insensitive. */
        text?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description At most 200 groups. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            groups: components['schemas']['DeadLetterGroup'][];
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  exportDeadLetters: {
    parameters: {
      query?: {
        /** @description Only those of this kind. */
        kind?: 'inbox' | 'record' | 'delivery' | 'writeBack';
        /** @description The source, or `destination` for deliveries. */
        source?: string;
        /** @description Only those with this code. */
        code?: string;
        /** @description Given up at this time or later. */
        since?: string;
        /** @description Given up before this time. */
        until?: string;
        /** @description A text in its reference or message. Case-insensitive. */
        text?: string;
        /** @description JSON lines, or CSV. */
        format?: 'jsonl' | 'csv';
        /** @description In CSV: no apostrophe before what a spreadsheet would evaluate. */
        raw?: 'true' | 'false';
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description One letter a line. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/jsonl': string;
          'text/csv': string;
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  discardDeadLetters: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['Discard'];
      };
    };
    responses: {
      /** @description What was discarded. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Discarded'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listRequests: {
    parameters: {
      query?: {
        /** @description Only requests of this source, or of `destination`. */
        source?: string;
        /** @description waiting: not opened yet. opened: its items are counted. dead: it could not be read. */
        state?: 'waiting' | 'opened' | 'dead';
        /** @description Received at this time or later. */
        since?: string;
        /** @description Received before this time. */
        until?: string;
        /** @description Dead, or opened with items that were rejected. */
        rejected?: 'true' | 'false';
        /** @description `nextCursor` of the previous page. Default: the first page. */
        cursor?: string;
        /** @description How many items a page has, at most. */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of them, without their bodies. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            requests: components['schemas']['InboxRequest'][];
            /** @description `cursor` of the next page; null on the last. */
            nextCursor: string | null;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  getRequest: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The ID of a request. */
        id: number;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The request. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['InboxRequestWhole'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  replayRequest: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path: {
        /** @description The ID of a request. */
        id: number;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['ReplayOne'];
      };
    };
    responses: {
      /** @description The result, or what it would be. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ReplayedRequest'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  replayRequests: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['Replay'];
      };
    };
    responses: {
      /** @description The results, or what they would be. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Replayed'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listDrifts: {
    parameters: {
      query?: {
        /** @description acknowledged: those that a person knows of and lets be, until they change. */
        state?: 'open' | 'acknowledged';
        /** @description `nextCursor` of the previous page. Default: the first page. */
        cursor?: string;
        /** @description How many items a page has, at most. */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of them, ordered by source ID. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            drifts: components['schemas']['Drift'][];
            /** @description `cursor` of the next page; null on the last. */
            nextCursor: string | null;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  acknowledgeDrifts: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          sourceIds?: string[];
          /**
           * @description differs: the destination has other values. deleted: it no longer has the customer. unknown: it has a customer that was never sent.
           * @enum {string}
           */
          kind?: 'differs' | 'deleted' | 'unknown';
          /** @enum {boolean} */
          all?: true;
          /**
           * Format: date-time
           * @description Only differences that were found by then.
           */
          foundUntil?: string;
          /** @description The reason; it is kept with the difference. */
          reason: string;
        };
      };
    };
    responses: {
      /** @description How many customers they are. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            customers: number;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  reopenDrifts: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          sourceIds?: string[];
          /**
           * @description differs: the destination has other values. deleted: it no longer has the customer. unknown: it has a customer that was never sent.
           * @enum {string}
           */
          kind?: 'differs' | 'deleted' | 'unknown';
          /** @enum {boolean} */
          all?: true;
          /**
           * Format: date-time
           * @description Only differences that were found by then.
           */
          foundUntil?: string;
        };
      };
    };
    responses: {
      /** @description How many customers they are. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            customers: number;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listWriteBackVendors: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The vendors that are written back to. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            vendors: components['schemas']['WriteBackVendor'][];
            /** @description The reading of the facts of all customers: when it began, and when it ended or null while it goes on. */
            reading: {
              /** Format: date-time */
              beganAt: string;
              /** Format: date-time */
              endedAt: string | null;
              rounds: number;
            } | null;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listWriteBacks: {
    parameters: {
      query?: {
        /** @description unlinked: the source has no record of the customer, so nothing is written. waiting: it is due, or put off. delivered: the vendor has acknowledged it. dead: it was given up. */
        state?: 'unlinked' | 'waiting' | 'delivered' | 'dead';
        /** @description `nextCursor` of the previous page. Default: the first page. */
        cursor?: string;
        /** @description How many items a page has, at most. */
        limit?: number;
      };
      header?: never;
      path: {
        /** @description The name of a source in the configuration. */
        source: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of them. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            writeBacks: components['schemas']['WriteBack'][];
            /** @description `cursor` of the next page; null on the last. */
            nextCursor: string | null;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  verifyWriteBack: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path: {
        /** @description The name of a source in the configuration. */
        source: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['VerifyWriteBack'];
      };
    };
    responses: {
      /** @description What was found. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['WriteBackVerified'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  pauseWriteBack: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path: {
        /** @description The name of a source in the configuration. */
        source: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['PauseRequest'];
      };
    };
    responses: {
      /** @description It is paused. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Paused'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  resumeWriteBack: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path: {
        /** @description The name of a source in the configuration. */
        source: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It is not paused. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Paused'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  checkWriteBack: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The name of a source in the configuration. */
        source: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description What was found out. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['WritePermissions'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  getCustomerWriteBacks: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description Percent-encoded, so that it can contain slashes. */
        sourceId: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The facts and write-backs. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            sourceId: string;
            /** @description What the destination was seen to know, by group. */
            facts: {
              [key: string]: unknown;
            } | null;
            writeBacks: components['schemas']['WriteBack'][];
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listHolds: {
    parameters: {
      query?: {
        /** @description Only what this run would do. */
        runId?: number;
        /** @description Only what would lose this field, or `deleted`. */
        change?: string;
        /** @description `nextCursor` of the previous page. Default: the first page. */
        cursor?: string;
        /** @description How many items a page has, at most. */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The groups, and a page of holds. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            groups: components['schemas']['HoldGroup'][];
            holds: components['schemas']['Hold'][];
            /** @description `cursor` of the next page; null on the last. */
            nextCursor: string | null;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  releaseHolds: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['HoldChoice'];
      };
    };
    responses: {
      /** @description What was decided. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Decided'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  refuseHolds: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['HoldChoice'];
      };
    };
    responses: {
      /** @description What was decided. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Decided'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  preview: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['PreviewRequest'];
      };
    };
    responses: {
      /** @description The differences, grouped. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Preview'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  planRun: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': components['schemas']['PlanRequest'];
      };
    };
    responses: {
      /** @description A forecast for each source. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @description What flows back to vendors, or to that of the source. Null if nothing does. */
            writeBack: components['schemas']['WriteBackForecast'] | null;
            forecasts: {
              id: number;
              source: string;
              /** @enum {string} */
              mode: 'incremental' | 'full';
              /** @description The source has never been read completely. */
              first: boolean;
              /** Format: date-time */
              at: string;
              /** @enum {string} */
              lane: 'webhook' | 'manual' | 'schedule' | 'backfill';
              accounts: {
                source: string | null;
                destination: string;
              };
              vendors: {
                source: string;
                destination: string;
              };
              records: {
                count: number;
                /** @enum {string} */
                basis: 'vendor' | 'dry run' | 'given' | 'last full run' | 'recent runs' | 'stored records';
              };
              /** @description The number of customers that are assumed to be written. */
              customers: number;
              bytes: {
                read: number;
                written: number;
              };
              calls: {
                /** @enum {string} */
                side: 'source' | 'destination';
                what: string;
                bucket: string | null;
                calls: number;
              }[];
              totals: {
                source: number;
                destination: number;
              };
              quotas: components['schemas']['ForecastQuota'][];
              minutes: number;
              /** @description The time until the last record is read. */
              readMinutes: number;
              /** Format: date-time */
              endsAt: string;
              /** @description The quota that causes most of the waiting. Null: the calls themselves take the time. */
              bottleneck: {
                /** @enum {string} */
                side: 'source' | 'destination';
                quota: string;
              } | null;
              fits: boolean;
              assumptions: string[];
            }[];
            /** @description Sources without a forecast, because nobody says how many records they have. Empty if a source was named: then this is an error. */
            unknown: {
              source: string;
              reason: string;
            }[];
            segments: {
              /** @description Who enters and leaves segments by what waits to be delivered. */
              waiting: {
                /** @description Customers that wait to be delivered or are held, at most 50000. */
                customers: number;
                radius: components['schemas']['BlastRadius'];
              };
              /** @description The same for the run. Null without `dryRunId`: records that were not read cannot be told. */
              run: components['schemas']['BlastRadius'] | null;
            };
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listForecasts: {
    parameters: {
      query?: {
        /** @description Only forecasts of this source. */
        source?: string;
        /** @description Only the forecast of this run. */
        run?: number;
        /** @description `nextCursor` of the previous page. Default: the first page. */
        cursor?: string;
        /** @description How many items a page has, at most. */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of forecasts. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            forecasts: components['schemas']['KeptForecast'][];
            /** @description `cursor` of the next page; null on the last. */
            nextCursor: string | null;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  verify: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': components['schemas']['VerificationRequest'];
      };
    };
    responses: {
      /** @description It has already ended. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Verification'];
        };
      };
      /** @description It is running: request it again until it has ended. */
      202: {
        headers: {
          /** @description The verification. */
          Location?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Verification'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      409: components['responses']['409'];
      413: components['responses']['413'];
      415: components['responses']['415'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listVerifications: {
    parameters: {
      query?: {
        /** @description Only verifications in this state. */
        state?: 'requested' | 'finished' | 'failed';
        /** @description `nextCursor` of the previous page. Default: the first page. */
        cursor?: string;
        /** @description How many items a page has, at most. */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of verifications. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            verifications: components['schemas']['Verification'][];
            /** @description `cursor` of the next page; null on the last. */
            nextCursor: string | null;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  getVerificationChain: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The verdict. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            holds: boolean;
            /** @description Reports looked at. */
            length: number;
            /** @description The hash of the newest. */
            head: string | null;
            broken: {
              id: number;
              why: string;
            } | null;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  forecastSourceProof: {
    parameters: {
      query?: {
        /** @description One source. Default: all. */
        source?: string;
        /** @description Whether the contents of a sample or of all records would be compared. */
        contents?: 'sample' | 'all';
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description By stream. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            streams: components['schemas']['SourceProofForecast'][];
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  getVerification: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The ID of a verification. */
        id: number;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The verification. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Verification'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  listFindings: {
    parameters: {
      query?: {
        /** @description Only findings of this kind. */
        kind?:
          | 'missing'
          | 'filtered'
          | 'stale'
          | 'content'
          | 'ahead'
          | 'deletedThere'
          | 'deletedHere'
          | 'mergedThere'
          | 'mergedHere'
          | 'otherCustomer'
          | 'undelivered';
        /** @description Only records of this source. */
        source?: string;
        /** @description `nextCursor` of the previous page. Default: the first page. */
        cursor?: string;
        /** @description How many items a page has, at most. */
        limit?: number;
      };
      header?: never;
      path: {
        /** @description The ID of a verification. */
        id: number;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A page of findings. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            findings: components['schemas']['SourceFinding'][];
            /** @description `cursor` of the next page; null on the last. */
            nextCursor: string | null;
          };
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  cancelVerification: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path: {
        /** @description The ID of a verification. */
        id: number;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The verification. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Verification'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  getReceiptKeys: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A JSON Web Key Set. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ReceiptKeys'];
        };
      };
    };
  };
  getWebhook: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description The name of a source in the configuration. */
        source: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description All of it. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Webhook'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
  testWebhook: {
    parameters: {
      query?: never;
      header?: {
        /**
         * @description Makes it safe to repeat the request: a random text, such as a UUID, that no other request has. For 24 hours the same request with this key gets the answer of the first, with the header `Idempotent-Replayed: true`, and is not carried out again. While the first is carried out, a repetition gets 409. Another request with the same key gets 422. Answers of 500 and above, and of requests with faults (400, 413, 415), are not kept.
         * @example 6f1c9a52-0f0e-4d0b-9a41-5d3c1c0a7b1e
         */
        'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      path: {
        /** @description The name of a source in the configuration. */
        source: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The result. */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['WebhookTest'];
        };
      };
      400: components['responses']['400'];
      401: components['responses']['401'];
      403: components['responses']['403'];
      404: components['responses']['404'];
      409: components['responses']['409'];
      422: components['responses']['422'];
      429: components['responses']['429'];
      500: components['responses']['500'];
      503: components['responses']['503'];
    };
  };
}
