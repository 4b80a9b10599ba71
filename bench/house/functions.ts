/** How long functions are, and what they throw. */
import ts from 'typescript';
import { nodesOf, type Source } from './sources.ts';

interface MeasuredFunction {
	readonly path: string;
	readonly line: number;
	readonly name: string;
	/** From its first line to its last. */
	readonly lines: number;
}

/** Functions and methods with a block for a body; one inside of another counts for both. */
export function functionsOf({ path, tree }: Source): MeasuredFunction[] {
	const lineOf = (position: number) => tree.getLineAndCharacterOfPosition(position).line + 1;
	return nodesOf(tree).flatMap((node) => {
		if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined || !ts.isBlock(node.body)) return [];
		const [line, last] = [lineOf(node.getStart(tree)), lineOf(node.getEnd())];
		return [{ path, line, name: nameOf(node), lines: last - line + 1 }];
	});
}

function nameOf(node: ts.SignatureDeclaration): string {
	if (node.name !== undefined) return node.name.getText();
	const { parent } = node;
	const isNamed = ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent);
	return isNamed ? parent.name.getText() : 'without a name';
}

/** `throw new Error(…)`: nobody knows by its class what to do about it. */
export function untypedThrowsIn({ path, tree }: Source): string[] {
	return nodesOf(tree).flatMap((node) => {
		if (!ts.isThrowStatement(node) || !ts.isNewExpression(node.expression) || node.expression.expression.getText() !== 'Error') return [];
		return [`${path}:${tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1}`];
	});
}
