/** The parts of the deployed contracts that the sandbox itself calls and reads. */
import { parseAbi } from 'viem';

export const usdcAbi = parseAbi([
	'function initialize(string name, string symbol, string currency, uint8 decimals, address masterMinter, address pauser, address blacklister, address owner)',
	'function initializeV2(string name)',
	'function initializeV2_1(address lostAndFound)',
	'function initializeV2_2(address[] accountsToBlacklist, string symbol)',
	'function configureMinter(address minter, uint256 allowance) returns (bool)',
	'function mint(address to, uint256 amount) returns (bool)',
	'function approve(address spender, uint256 amount) returns (bool)',
	'function transfer(address to, uint256 amount) returns (bool)',
	'function allowance(address owner, address spender) view returns (uint256)',
	'function balanceOf(address owner) view returns (uint256)',
	'function decimals() view returns (uint8)',
	'function symbol() view returns (string)',
	'function version() view returns (string)',
	'event Transfer(address indexed from, address indexed to, uint256 value)',
]);

export const spokePoolAbi = parseAbi([
	'struct RelayData { bytes32 depositor; bytes32 recipient; bytes32 exclusiveRelayer; bytes32 inputToken; bytes32 outputToken; uint256 inputAmount; uint256 outputAmount; uint256 originChainId; uint256 depositId; uint32 fillDeadline; uint32 exclusivityDeadline; bytes message; }',
	'function initialize(uint32 initialDepositId, address withdrawalRecipient)',
	'function depositQuoteTimeBuffer() view returns (uint32)',
	'function fillDeadlineBuffer() view returns (uint32)',
	'function numberOfDeposits() view returns (uint32)',
	'function fillStatuses(bytes32) view returns (uint256)',
	'function deposit(bytes32 depositor, bytes32 recipient, bytes32 inputToken, bytes32 outputToken, uint256 inputAmount, uint256 outputAmount, uint256 destinationChainId, bytes32 exclusiveRelayer, uint32 quoteTimestamp, uint32 fillDeadline, uint32 exclusivityParameter, bytes message) payable',
	'function fillRelay(RelayData relayData, uint256 repaymentChainId, bytes32 repaymentAddress)',
	'function getV3RelayHash(RelayData relayData) view returns (bytes32)',
	'struct RefundLeaf { uint256 amountToReturn; uint256 chainId; uint256[] refundAmounts; uint32 leafId; address l2TokenAddress; address[] refundAddresses; }',
	'struct SlowFill { RelayData relayData; uint256 chainId; uint256 updatedOutputAmount; }',
	'function relayRootBundle(bytes32 relayerRefundRoot, bytes32 slowRelayRoot)',
	'function executeRelayerRefundLeaf(uint32 rootBundleId, RefundLeaf relayerRefundLeaf, bytes32[] proof) payable',
	'function requestSlowFill(RelayData relayData)',
	'function executeSlowRelayLeaf(SlowFill slowFillLeaf, uint32 rootBundleId, bytes32[] proof)',
	'function claimRelayerRefund(bytes32 l2TokenAddress, bytes32 refundAddress)',
	'event RelayedRootBundle(uint32 indexed rootBundleId, bytes32 indexed relayerRefundRoot, bytes32 indexed slowRelayRoot)',
	'event ExecutedRelayerRefundRoot(uint256 amountToReturn, uint256 indexed chainId, uint256[] refundAmounts, uint32 indexed rootBundleId, uint32 indexed leafId, address l2TokenAddress, address[] refundAddresses, bool deferredRefunds, address caller)',
	'event FilledRelay(bytes32 inputToken, bytes32 outputToken, uint256 inputAmount, uint256 outputAmount, uint256 repaymentChainId, uint256 indexed originChainId, uint256 indexed depositId, uint32 fillDeadline, uint32 exclusivityDeadline, bytes32 exclusiveRelayer, bytes32 indexed relayer, bytes32 depositor, bytes32 recipient, bytes32 messageHash, (bytes32 updatedRecipient, bytes32 updatedMessageHash, uint256 updatedOutputAmount, uint8 fillType) relayExecutionInfo)',
	'event FundsDeposited(bytes32 inputToken, bytes32 outputToken, uint256 inputAmount, uint256 outputAmount, uint256 indexed destinationChainId, uint256 indexed depositId, uint32 quoteTimestamp, uint32 fillDeadline, uint32 exclusivityDeadline, bytes32 indexed depositor, bytes32 recipient, bytes32 exclusiveRelayer, bytes message)',
]);

export const spokeAbi = parseAbi([
	'function newIntent(uint32[] destinations, address receiver, address inputAsset, address outputAsset, uint256 amount, uint24 maxFee, uint48 ttl, bytes data) returns (bytes32, (bytes32 initiator, bytes32 receiver, bytes32 inputAsset, bytes32 outputAsset, uint32 origin, uint64 nonce, uint48 timestamp, uint48 ttl, uint256 amount, uint256 amountOutMin, uint32[] destinations, bytes data))',
	'function settle(bytes32 intentId, address receiver, address asset, uint256 amount)',
	'function status(bytes32 intentId) view returns (uint8)',
	'function owner() view returns (address)',
	'event IntentAdded(bytes32 indexed _intentId, uint256 _queueIdx, (bytes32 initiator, bytes32 receiver, bytes32 inputAsset, bytes32 outputAsset, uint32 origin, uint64 nonce, uint48 timestamp, uint48 ttl, uint256 amount, uint256 amountOutMin, uint32[] destinations, bytes data) _intent)',
	'event Settled(bytes32 indexed _intentId, address _account, address _asset, uint256 _amount)',
]);
