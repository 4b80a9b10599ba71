/** The functions and events of Everclear's contracts that we call and read. */
import { parseAbi } from 'viem';

/** The spoke's own entry, and the fee adapter's, which takes the same arguments and a signed fee. */
export const newIntentAbi = parseAbi([
	'struct FeeParams { uint256 fee; uint256 deadline; bytes sig; }',
	'function newIntent(uint32[] destinations, address receiver, address inputAsset, address outputAsset, uint256 amount, uint24 maxFee, uint48 ttl, bytes data)',
	'function newIntent(uint32[] destinations, address receiver, address inputAsset, address outputAsset, uint256 amount, uint24 maxFee, uint48 ttl, bytes data, FeeParams feeParams)',
]);

/** Two generations of the same event under one name: the topic tells them apart. `amount` is in hub units. */
export const intentAddedV1Abi = parseAbi([
	'struct Intent { bytes32 initiator; bytes32 receiver; bytes32 inputAsset; bytes32 outputAsset; uint24 maxFee; uint32 origin; uint64 nonce; uint48 timestamp; uint48 ttl; uint256 amount; uint32[] destinations; bytes data; }',
	'event IntentAdded(bytes32 indexed intentId, uint256 queueIdx, Intent intent)',
]);
export const intentAddedV2Abi = parseAbi([
	'struct Intent { bytes32 initiator; bytes32 receiver; bytes32 inputAsset; bytes32 outputAsset; uint32 origin; uint64 nonce; uint48 timestamp; uint48 ttl; uint256 amount; uint256 amountOutMin; uint32[] destinations; bytes data; }',
	'event IntentAdded(bytes32 indexed intentId, uint256 queueIdx, Intent intent)',
]);

/** Emitted by the fee adapter, beside the spoke's IntentAdded. */
export const feeAdapterEventsAbi = parseAbi([
	'event IntentWithFeesAdded(bytes32 indexed intentId, bytes32 indexed initiator, uint256 tokenFee, uint256 nativeFee)',
]);

/** Emitted by the spoke for each settlement of a batch, after its transfer; also when the transfer has failed and nothing was paid. */
export const settledAbi = parseAbi(['event Settled(bytes32 indexed _intentId, address _account, address _asset, uint256 _amount)']);
