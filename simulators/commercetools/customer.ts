// A customer of the simulated project. It knows nothing else.
/** What is not set is absent. */
export type Customer = {
  id: string;
  version: number;
  createdAt: string;
  lastModifiedAt: string;
  email: string;
  addresses: { id: string; country: string; [name: string]: unknown }[];
  stores: { typeId: 'store'; key: string }[];
  [name: string]: unknown;
};
