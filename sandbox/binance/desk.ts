import type { Book } from './book.ts';
import type { Listing } from './networks.ts';
import type { BinanceSettings } from './settings.ts';

/** What everybody at the exchange works with. */
export interface Desk {
	readonly book: Book;
	readonly settings: BinanceSettings;
	/** Every coin on every network. */
	readonly listings: readonly Listing[];
}
