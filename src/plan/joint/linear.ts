/**
 * A small linear program in floats, and bounds from it that hold whatever the floats did: the simplex only proposes prices,
 * and for any prices the bound is true. Minimise cost, so that every need is met within every capacity.
 */

/** Quantities are fractions of a column's whole use: from 0 to 1. */
export interface Column {
	readonly cost: number;
	/** Row and weight, in turn: what the whole use takes of a capacity, or brings towards a need. */
	readonly entries: readonly (readonly [row: number, weight: number])[];
}

/** Rows are the capacities, then the needs. All of them are from 0 up. */
export interface Program {
	readonly columns: readonly Column[];
	readonly capacities: readonly number[];
	readonly needs: readonly number[];
}

export interface Solution {
	/** Use of each column. */
	readonly uses: Float64Array;
	/** No use within the capacities that meets the needs costs less; infinite when it is certain that there is none. */
	readonly bound: number;
	/** By row. */
	readonly prices: Float64Array;
}

/** Needs below this fraction count as met: floats cannot tell. */
const FEASIBLE = 1e-9;
const PIVOT = 1e-11;

export function solve(program: Program): Solution {
	const table = tableOf(program);
	run(table, table.missing, true);
	const certain = shortfallBound(program, table) > FEASIBLE * Math.max(1, program.needs.length);
	if (certain) return { ...readOff(program, table), bound: Number.POSITIVE_INFINITY };
	run(table, table.cost, false);
	const found = readOff(program, table);
	return { ...found, bound: costBound(program, found.prices) };
}

/** What the needs miss at least: by prices, for any use of the columns. */
export function shortfall(program: Program): number {
	const table = tableOf(program);
	run(table, table.missing, true);
	return shortfallBound(program, table);
}

interface Table {
	readonly rows: number;
	readonly columns: number;
	readonly capacities: number;
	/** Rows × columns: `basic = value − Σ cell × nonbasic`. */
	readonly cells: Float64Array;
	readonly values: Float64Array;
	/** Reduced costs by column, the last is the objective itself. */
	readonly missing: Float64Array;
	readonly cost: Float64Array;
	/** Variables: a column's number, or `columns + row` for the slack of a row. */
	readonly basic: Int32Array;
	readonly nonbasic: Int32Array;
}

function tableOf({ columns, capacities, needs }: Program): Table {
	const rows = capacities.length + needs.length;
	const width = columns.length;
	const cells = new Float64Array(rows * width);
	const missing = new Float64Array(width + 1);
	const cost = new Float64Array(width + 1);
	for (const [index, column] of columns.entries()) {
		cost[index] = column.cost;
		for (const [row, weight] of column.entries) {
			cells[row * width + index] = (cells[row * width + index] ?? 0) + weight;
			if (row >= capacities.length) missing[index] = (missing[index] ?? 0) - weight;
		}
	}
	const values = Float64Array.from([...capacities, ...needs]);
	missing[width] = needs.reduce((sum, need) => sum + need, 0);
	return {
		...{ rows, columns: width, capacities: capacities.length, cells, values, missing, cost },
		basic: Int32Array.from({ length: rows }, (_, row) => width + row),
		nonbasic: Int32Array.from({ length: width }, (_, index) => index),
	};
}

/** Pivots until no column lowers the objective. Unmet needs may only come back while they are what is minimised. */
function run(table: Table, objective: Float64Array, needsMayReturn: boolean): number {
	const { rows, columns } = table;
	const steepest = 4 * (rows + columns);
	for (let turn = 0; turn < 3 * steepest; turn += 1) {
		const column = entering(table, objective, { needsMayReturn, first: turn > steepest });
		if (column < 0) break;
		const row = leaving(table, column);
		if (row < 0) break;
		pivot(table, row, column);
	}
	return objective[columns] ?? 0;
}

/** The steepest column, or after many turns the first in order, which cannot go round in circles. */
function entering(table: Table, objective: Float64Array, { needsMayReturn, first }: { needsMayReturn: boolean; first: boolean }): number {
	const firstNeed = table.columns + table.capacities;
	let best = -1;
	let steepest = -1e-10;
	for (let column = 0; column < table.columns; column += 1) {
		const reduced = objective[column] ?? 0;
		if (reduced >= -1e-10 || (!needsMayReturn && (table.nonbasic[column] ?? 0) >= firstNeed)) continue;
		if (first ? best < 0 || (table.nonbasic[column] ?? 0) < (table.nonbasic[best] ?? 0) : reduced < steepest) {
			best = column;
			steepest = reduced;
		}
	}
	return best;
}

function leaving({ rows, columns, cells, values, basic }: Table, column: number): number {
	let best = -1;
	let least = Number.POSITIVE_INFINITY;
	for (let row = 0; row < rows; row += 1) {
		const cell = cells[row * columns + column] ?? 0;
		if (cell <= PIVOT) continue;
		const limit = (values[row] ?? 0) / cell;
		if (limit < least || (limit === least && (basic[row] ?? 0) < (basic[best] ?? 0))) {
			best = row;
			least = limit;
		}
	}
	return best;
}

function pivot(table: Table, row: number, column: number): void {
	const { rows, columns, cells, values, missing, cost, basic, nonbasic } = table;
	const from = row * columns;
	const inverse = 1 / (cells[from + column] ?? 1);
	for (let index = 0; index < columns; index += 1) cells[from + index] = (cells[from + index] ?? 0) * inverse;
	cells[from + column] = inverse;
	const value = Math.max(0, (values[row] ?? 0) * inverse);
	values[row] = value;
	for (let other = 0; other < rows; other += 1) {
		const factor = other === row ? 0 : (cells[other * columns + column] ?? 0);
		if (factor === 0) continue;
		subtractRow(table, { to: cells, start: other * columns, from, factor });
		cells[other * columns + column] = -factor * inverse;
		values[other] = Math.max(0, (values[other] ?? 0) - factor * value);
	}
	for (const objective of [missing, cost]) {
		const factor = objective[column] ?? 0;
		subtractRow(table, { to: objective, start: 0, from, factor });
		objective[column] = -factor * inverse;
		objective[columns] = (objective[columns] ?? 0) + factor * value;
	}
	[basic[row], nonbasic[column]] = [nonbasic[column] ?? 0, basic[row] ?? 0];
}

function subtractRow({ cells, columns }: Table, row: { to: Float64Array; start: number; from: number; factor: number }): void {
	const { to, start, from, factor } = row;
	for (let index = 0; index < columns; index += 1) to[start + index] = (to[start + index] ?? 0) - factor * (cells[from + index] ?? 0);
}

function readOff({ columns }: Program, table: Table): { uses: Float64Array; prices: Float64Array } {
	const uses = new Float64Array(columns.length);
	const prices = new Float64Array(table.rows);
	for (const [row, variable] of table.basic.entries()) if (variable < columns.length) uses[variable] = table.values[row] ?? 0;
	for (const [column, variable] of table.nonbasic.entries())
		if (variable >= columns.length) prices[variable - columns.length] = table.cost[column] ?? 0;
	return { uses, prices };
}

/** For any prices (of capacities not below zero): `cost ≥ −Σ price × limit + Σ min(0, cost + Σ price × weight)`, less what floats may err. */
function costBound({ columns, capacities, needs }: Program, prices: Float64Array): number {
	const limits = [...capacities, ...needs];
	const price = (row: number): number => (row < capacities.length ? Math.max(0, prices[row] ?? 0) : (prices[row] ?? 0));
	let bound = 0;
	let size = 0;
	for (const [row, limit] of limits.entries()) {
		bound -= price(row) * limit;
		size += Math.abs(price(row)) * limit;
	}
	for (const { cost, entries } of columns) {
		let reduced = cost;
		let magnitude = Math.abs(cost);
		for (const [row, weight] of entries) {
			reduced += price(row) * weight;
			magnitude += Math.abs(price(row) * weight);
		}
		const careful = reduced - magnitude * 1e-14;
		if (careful < 0) bound += careful;
	}
	return bound - size * 1e-13;
}

/** In the same way: `Σ unmet ≥ Σ share × need − Σ price × capacity − Σ max(0, …)` for any shares from 0 to 1. */
function shortfallBound(program: Program, table: Table): number {
	const { columns, capacities, needs } = program;
	// What a row adds to the bound for each unit of its limit: shares of needs, and the capacities' prices below zero.
	const rates = new Float64Array(capacities.length + needs.length).fill(1, capacities.length);
	for (const [column, variable] of table.nonbasic.entries()) {
		const row = variable - columns.length;
		const reduced = table.missing[column] ?? 0;
		if (row >= capacities.length) rates[row] = Math.min(1, Math.max(0, 1 - reduced));
		else if (row >= 0) rates[row] = -Math.max(0, reduced);
	}
	let bound = 0;
	let size = 0;
	for (const [row, limit] of [...capacities, ...needs].entries()) {
		bound += (rates[row] ?? 0) * limit;
		size += Math.abs(rates[row] ?? 0) * limit;
	}
	for (const { entries } of columns) {
		let gain = 0;
		let magnitude = 0;
		for (const [row, weight] of entries) {
			gain += (rates[row] ?? 0) * weight;
			magnitude += Math.abs(rates[row] ?? 0) * weight;
		}
		bound -= Math.max(0, gain + magnitude * 1e-14);
	}
	return bound - size * 1e-13;
}
