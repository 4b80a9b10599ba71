/** What we call and read of the contracts of CCTP V2. */
import { parseAbi } from 'viem';

export const messengerAbi = parseAbi([
	'function depositForBurn(uint256 amount, uint32 destinationDomain, bytes32 mintRecipient, address burnToken, bytes32 destinationCaller, uint256 maxFee, uint32 minFinalityThreshold)',
	'function localMinter() view returns (address)',
	'function localMessageTransmitter() view returns (address)',
	'function remoteTokenMessengers(uint32 domain) view returns (bytes32)',
	'event DepositForBurn(address indexed burnToken, uint256 amount, address indexed depositor, bytes32 mintRecipient, uint32 destinationDomain, bytes32 destinationTokenMessenger, bytes32 destinationCaller, uint256 maxFee, uint32 indexed minFinalityThreshold, bytes hookData)',
	'event MintAndWithdraw(address indexed mintRecipient, uint256 amount, address indexed mintToken, uint256 feeCollected)',
]);

export const transmitterAbi = parseAbi([
	'function receiveMessage(bytes message, bytes attestation) returns (bool success)',
	'function usedNonces(bytes32 nonce) view returns (uint256)',
	'function localDomain() view returns (uint32)',
	'event MessageSent(bytes message)',
	'event MessageReceived(address indexed caller, uint32 sourceDomain, bytes32 indexed nonce, bytes32 sender, uint32 indexed finalityThresholdExecuted, bytes messageBody)',
]);

export const minterAbi = parseAbi([
	'function burnLimitsPerMessage(address token) view returns (uint256)',
	'function getLocalToken(uint32 remoteDomain, bytes32 remoteToken) view returns (address)',
]);
