// What the simulated environment posts: execution contexts as .NET writes them. It sends nothing itself.

export interface Push {
  message: 'Create' | 'Update' | 'Delete' | 'Merge';
  id: string;
  /** When it happened, epoch milliseconds. */
  at: number;
  subordinate?: string;
  organizationId?: string;
  /** More than 256 kB: parameters and images are dropped. */
  exceeded?: boolean;
  entity?: string;
}

export type PushedRequest = { method: string; headers: { [name: string]: string }; body: string };

const reference = (id: string) => ({
  __type: 'EntityReference:http://schemas.microsoft.com/xrm/2011/Contracts',
  Id: id,
  LogicalName: 'contact',
  Name: null,
});

/** `OperationCreatedOn` counts the zone of the server twice (recorded), so it is seven hours late. */
export function executionContext(push: Push): PushedRequest {
  const { message, id, at, subordinate, exceeded = false, entity = 'contact' } = push;
  const { organizationId = '11111111-aaaa-4bbb-8ccc-222222222222' } = push;
  const target = {
    __type: 'Entity:http://schemas.microsoft.com/xrm/2011/Contracts',
    Attributes: [
      { key: 'contactid', value: id },
      { key: 'firstname', value: 'Sent, not changed' },
      { key: 'modifiedon', value: `/Date(${at})/` },
      { key: 'modifiedonbehalfby', value: null },
      {
        key: 'gendercode',
        value: { __type: 'OptionSetValue:http://schemas.microsoft.com/xrm/2011/Contracts', Value: 2 },
      },
    ],
    EntityState: null,
    FormattedValues: [],
    Id: id,
    KeyAttributes: [],
    LogicalName: entity,
    RelatedEntities: [],
    RowVersion: null,
  };
  const parameters = [
    { key: 'Target', value: message === 'Delete' || message === 'Merge' ? reference(id) : target },
    ...(subordinate === undefined ? [] : [{ key: 'SubordinateId', value: subordinate }]),
  ];
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'x-request-id': '3f2c9a10-0000-4000-8000-000000000001',
      'x-ms-dynamics-organization': 'acme.crm4.dynamics.com',
      'x-ms-dynamics-entity-name': entity,
      'x-ms-dynamics-request-name': message,
      ...(exceeded && { 'x-ms-dynamics-msg-size-exceeded': 'true' }),
    },
    body: JSON.stringify({
      MessageName: message,
      PrimaryEntityName: entity,
      PrimaryEntityId: id,
      InputParameters: exceeded ? [] : parameters,
      PreEntityImages: [],
      PostEntityImages: exceeded ? [] : [{ key: 'AsynchronousStepPrimaryName', value: target }],
      SharedVariables: [],
      OperationId: '5ae1f0d2-0000-4000-8000-00000000000a',
      OperationCreatedOn: `/Date(${at + 7 * 3_600_000 + 1_000}-0700)/`,
      CorrelationId: '6be1f0d2-0000-4000-8000-00000000000b',
      OrganizationId: organizationId,
      Depth: 1,
      Stage: 40,
      Mode: 1,
      UserId: '7ce1f0d2-0000-4000-8000-00000000000c',
      ParentContext: null,
    }),
  };
}
