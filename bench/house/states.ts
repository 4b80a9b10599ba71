/** Where rows change their state, and whether by the one map that says what may follow what. */
import ts from 'typescript';
import { nodesOf, type Source } from './sources.ts';

/** By table, what asks the map of its machine; null where there is none. */
const MACHINES: Readonly<Record<string, string | null>> = {
	demands: 'demandStatesBefore',
	earmarks: 'earmarkStatesBefore',
	rebalanceOperations: 'legStatesBefore',
	hops: 'legStatesBefore',
	holds: 'holdStatesBefore',
	effects: 'effectStatesBefore',
	routeBreakers: 'changeOf',
	receivables: 'receivableStatesBefore',
	pendingFills: 'FILL_TRANSITIONS',
	marketHealth: 'GATE_TRANSITIONS',
};
const STATE_COLUMNS = ['status', 'state'];

interface StateWrite {
	/** `src/store/legs.ts:53 hops`. */
	readonly place: string;
	readonly path: string;
	/** The function around it asks the machine's map. */
	readonly isByMap: boolean;
}

/** Updates of a row's state; a row's first state is no change. */
export function stateWritesIn(source: Source): StateWrite[] {
	const { path, tree } = source;
	return nodesOf(tree).flatMap((node) => {
		const table = tableWritten(node);
		if (table === null) return [];
		const map = MACHINES[table] ?? null;
		const line = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
		return [{ place: `${path}:${line} ${table}`, path, isByMap: map !== null && new RegExp(`\\b${map}\\(`).test(around(node).getText()) }];
	});
}

/** Of the table whose state this sets, the schema's name for it; in raw SQL, the database's. */
function tableWritten(node: ts.Node): string | null {
	if (ts.isTemplateExpression(node) || ts.isNoSubstitutionTemplateLiteral(node))
		return /\bupdate\s+"?(\w+)"?\s+set\b[^;]*?\b(?:status|state)"?\s*=/i.exec(node.getText())?.[1] ?? null;
	if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return null;
	const { name, expression } = node.expression;
	const [argument] = node.arguments;
	if (argument === undefined || !ts.isObjectLiteralExpression(argument)) return null;
	if (name.text === 'set') return setsState(argument, argumentOf(expression, 'update'));
	if (name.text !== 'onConflictDoUpdate') return null;
	const set = argument.properties.find((each) => each.name?.getText() === 'set');
	if (set === undefined || !ts.isPropertyAssignment(set) || !ts.isObjectLiteralExpression(set.initializer)) return null;
	return setsState(set.initializer, argumentOf(expression, 'insert'));
}

/** What is spread into the row of a breaker is its whole state. */
function setsState({ properties }: ts.ObjectLiteralExpression, table: string | null): string | null {
	const isState = properties.some(({ name }) => STATE_COLUMNS.includes(name?.getText() ?? ''));
	const isSpread = table === 'routeBreakers' && properties.some(ts.isSpreadAssignment);
	return isState || isSpread ? table : null;
}

/** The table in a chain of calls like `tx.update(table)…`. */
function argumentOf(node: ts.Node, verb: string): string | null {
	if (ts.isPropertyAccessExpression(node)) return argumentOf(node.expression, verb);
	if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return null;
	return node.expression.name.text === verb ? (node.arguments[0]?.getText() ?? null) : argumentOf(node.expression, verb);
}

function around(node: ts.Node): ts.Node {
	return ts.isSourceFile(node.parent) ? node : around(node.parent);
}

/** Tables with a state whose machine has no map. */
export function tablesWithoutMap(sources: readonly Source[]): string[] {
	return sources.flatMap(({ path, tree }) =>
		nodesOf(tree).flatMap((node) => {
			if (!ts.isVariableDeclaration(node) || node.initializer === undefined || !ts.isCallExpression(node.initializer)) return [];
			const [, columns] = node.initializer.arguments;
			if (node.initializer.expression.getText() !== 'pgTable' || columns === undefined || !ts.isObjectLiteralExpression(columns)) return [];
			const hasState = columns.properties.some(({ name }) => STATE_COLUMNS.includes(name?.getText() ?? ''));
			const table = node.name.getText();
			return hasState && (MACHINES[table] ?? null) === null ? [`${path} ${table}`] : [];
		}),
	);
}

/** Maps of a machine's transitions. */
export function mapsIn({ path, tree }: Source): string[] {
	return nodesOf(tree).flatMap((node) =>
		ts.isVariableDeclaration(node) && /_TRANSITIONS$/.test(node.name.getText()) ? [`${path} ${node.name.getText()}`] : [],
	);
}
