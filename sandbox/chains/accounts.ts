/**
 * Who is who on the local chains. The mnemonic is the public one of every development node: its keys are known to everybody and
 * hold nothing anywhere else.
 */
import { type Hex, toHex } from 'viem';
import { type HDAccount, mnemonicToAccount } from 'viem/accounts';

const MNEMONIC = 'test test test test test test test test test test test junk';
const OWNERS = 6;

const account = (addressIndex: number): HDAccount => mnemonicToAccount(MNEMONIC, { addressIndex });

export const DEPLOYER = account(0);
/** The solver: the account whose funds the product moves. */
export const SOLVER = account(1);
export const RELAYER = account(2);
/** Owns the spokes, mints the tokens, and pays for the hub. */
export const HUB_OPERATOR = account(3);
/** To whom the invoices are owed. */
export const INVOICE_OWNERS: readonly HDAccount[] = Array.from({ length: OWNERS }, (_, index) => account(4 + index));

/** Another solver, who buys invoices as we do. The node has no key of theirs: it is told to let them act. */
export const RIVAL = account(4 + OWNERS);

/** The product's signing key, as it would stand in its environment. */
export function solverKey(): Hex {
	const key = SOLVER.getHdKey().privateKey;
	if (key === null) throw new Error('the development mnemonic has no private key');
	return toHex(key);
}
