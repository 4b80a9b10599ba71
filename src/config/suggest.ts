/** "Did you mean": the known word nearest to a mistyped one, or null when none is near. */
export function suggest(word: string, known: readonly string[]): string | null {
	const farthest = Math.max(2, Math.floor(word.length / 3));
	let nearest: { readonly name: string; readonly distance: number } | null = null;
	for (const name of known) {
		const distance = editDistance(word.toLowerCase(), name.toLowerCase());
		if (distance <= farthest && (nearest === null || distance < nearest.distance)) nearest = { name, distance };
	}
	return nearest?.name ?? null;
}

/** Letters to insert, delete or replace to get from `from` to `to`. */
function editDistance(from: string, to: string): number {
	let row = Array.from({ length: to.length + 1 }, (_, column) => column);
	for (const [line, letter] of [...from].entries()) {
		const next = [line + 1];
		for (const [column, other] of [...to].entries()) {
			const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
			next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
		}
		row = next;
	}
	return row[to.length] ?? 0;
}
