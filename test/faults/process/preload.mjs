/**
 * Loaded into a process of the product before its own code (`node --import`): at a word from the campaign it blocks the event loop, or lets
 * the clock be wrong. `?aheadMs=` is how wrong it is from the beginning.
 */
const RightDate = Date;
let aheadMs = Number(new URL(import.meta.url).searchParams.get('aheadMs'));

globalThis.Date = class extends RightDate {
	constructor(...parts) {
		if (parts.length === 0) super(RightDate.now() + aheadMs);
		else super(...parts);
	}

	static now() {
		return RightDate.now() + aheadMs;
	}
};

process.on('message', (word) => {
	if (typeof word.aheadMs === 'number') aheadMs = word.aheadMs;
	if (typeof word.blockMs === 'number') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, word.blockMs);
});
// Whoever has nothing else to do any more may end.
process.channel?.unref();
