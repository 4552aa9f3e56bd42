// Where the files lie that the program reads beside itself: docs, migrations, examples. In a package all modules are one folder's files,
// so that no other module can tell by where it lies itself.

/** The root of the repository, or what is laid out like it in a package. Ends with a slash. */
export const home = new URL('../', import.meta.url);
