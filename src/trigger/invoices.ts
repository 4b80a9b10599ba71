/** Everclear's open invoices, all pages of them. */
import { processInvoices } from '../on-demand.ts';
import type { Trigger } from './trigger.ts';

export const invoices: Trigger = {
	name: 'invoice-poll',
	everyMs: ({ everclear: { pollMs } }) => pollMs,
	look: processInvoices,
};
