/** Every trigger, one line each. */
import { InvariantError } from '../errors.ts';
import { invoices } from './invoices.ts';
import type { Trigger } from './trigger.ts';

export const TRIGGERS: readonly Trigger[] = [invoices];

export function triggerNamed(name: string): Trigger {
	const found = TRIGGERS.find((each) => each.name === name);
	if (found === undefined) throw new InvariantError(`no trigger is called "${name}"`, { trigger: name });
	return found;
}
