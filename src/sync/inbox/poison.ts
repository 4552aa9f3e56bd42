// Which items of a kept request cannot be kept, found by halves. It does not know how an item is opened.
import { concernsContent, messageOf } from '../../engine/work/failures.ts';

/** Where more items than this fail, it is not for the sake of any one of them. */
const maxPoison = 500;

/**
 * The places (from 1) of the items that fail by themselves, with the reason of each. `tryItems` opens the items with the
 * indices from `from` up to `to`, that one not included, and takes it back. Throws what it throws where the content is
 * not to blame, or where more than a tenth of all items fail.
 */
export async function poisonIn(
  items: number,
  tryItems: (from: number, to: number) => Promise<void>,
): Promise<Map<number, string>> {
  const poison = new Map<number, string>();
  const most = Math.min(maxPoison, Math.max(10, Math.ceil(items / 10)));
  const search = async (from: number, to: number): Promise<void> => {
    try {
      await tryItems(from, to);
    } catch (error) {
      if (!concernsContent(error) || poison.size >= most) throw error;
      const half = (from + to) >> 1;
      if (half === from) {
        poison.set(to, messageOf(error));
        return;
      }
      await search(from, half);
      await search(half, to);
    }
  };
  if (items > 0) await search(0, items);
  return poison;
}
