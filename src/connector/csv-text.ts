// Cells as a person sees them.

/** White space, characters that take no room, and DOS's mark of the end: a cell of nothing else looks empty. */
const unseen = '\\s\\u001a\\u00ad\\u180e\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2064';
const ends = new RegExp(`^[${unseen}]+|[${unseen}]+$`, 'g');
const nothing = new RegExp(`^[${unseen}]*$`);

export function isBlank(cell: string): boolean {
  return cell === '' || (!isPlain(cell, 0) && nothing.test(cell));
}

/** Without what cannot be seen at its ends. */
export function trimmed(cell: string): string {
  // Most cells have nothing at their ends, and looking for it costs more than all else.
  return isPlain(cell, 0) && isPlain(cell, cell.length - 1) ? cell : cell.replace(ends, '');
}

/** True where a sign of ASCII stands there, other than a blank. */
function isPlain(cell: string, at: number): boolean {
  const code = cell.charCodeAt(at);
  return code > 0x20 && code < 0x7f;
}
