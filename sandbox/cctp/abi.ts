/** The parts of CCTP's contracts that the sandbox itself calls and reads. */
import { getAbiItem, parseAbi } from 'viem';

export const transmitterAbi = parseAbi([
	'function sendMessage(uint32 destinationDomain, bytes32 recipient, bytes32 destinationCaller, uint32 minFinalityThreshold, bytes messageBody)',
	'function receiveMessage(bytes message, bytes attestation) returns (bool success)',
	'function usedNonces(bytes32 nonce) view returns (uint256)',
	'function signatureThreshold() view returns (uint256)',
	'function isEnabledAttester(address attester) view returns (bool)',
	'function localDomain() view returns (uint32)',
	'function version() view returns (uint32)',
	'function paused() view returns (bool)',
	'function pause()',
	'function unpause()',
	'event MessageSent(bytes message)',
	'event MessageReceived(address indexed caller, uint32 sourceDomain, bytes32 indexed nonce, bytes32 sender, uint32 indexed finalityThresholdExecuted, bytes messageBody)',
]);

export const messengerAbi = parseAbi([
	'function depositForBurn(uint256 amount, uint32 destinationDomain, bytes32 mintRecipient, address burnToken, bytes32 destinationCaller, uint256 maxFee, uint32 minFinalityThreshold)',
	'function depositForBurnWithHook(uint256 amount, uint32 destinationDomain, bytes32 mintRecipient, address burnToken, bytes32 destinationCaller, uint256 maxFee, uint32 minFinalityThreshold, bytes hookData)',
	'function localMinter() view returns (address)',
	'function remoteTokenMessengers(uint32 domain) view returns (bytes32)',
	'function feeRecipient() view returns (address)',
	'function minFee() view returns (uint256)',
	'function getMinFeeAmount(uint256 amount) view returns (uint256)',
	'function setMinFee(uint256 minFee)',
	'event DepositForBurn(address indexed burnToken, uint256 amount, address indexed depositor, bytes32 mintRecipient, uint32 destinationDomain, bytes32 destinationTokenMessenger, bytes32 destinationCaller, uint256 maxFee, uint32 indexed minFinalityThreshold, bytes hookData)',
	'event MintAndWithdraw(address indexed mintRecipient, uint256 amount, address indexed mintToken, uint256 feeCollected)',
]);

export const minterAbi = parseAbi([
	'function burnLimitsPerMessage(address token) view returns (uint256)',
	'function setMaxBurnAmountPerMessage(address localToken, uint256 burnLimitPerMessage)',
	'function getLocalToken(uint32 remoteDomain, bytes32 remoteToken) view returns (address)',
]);

export const MESSAGE_SENT = getAbiItem({ abi: transmitterAbi, name: 'MessageSent' });
