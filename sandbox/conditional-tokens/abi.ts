/** The parts of ConditionalTokens that the sandbox itself calls and reads. The id of a transferred token is in no topic, only in the data. */
import { parseAbi } from 'viem';

export const conditionalTokensAbi = parseAbi([
	'function prepareCondition(address oracle, bytes32 questionId, uint256 outcomeSlotCount)',
	'function reportPayouts(bytes32 questionId, uint256[] payouts)',
	'function splitPosition(address collateralToken, bytes32 parentCollectionId, bytes32 conditionId, uint256[] partition, uint256 amount)',
	'function mergePositions(address collateralToken, bytes32 parentCollectionId, bytes32 conditionId, uint256[] partition, uint256 amount)',
	'function redeemPositions(address collateralToken, bytes32 parentCollectionId, bytes32 conditionId, uint256[] indexSets)',
	'function getOutcomeSlotCount(bytes32 conditionId) view returns (uint256)',
	'function getConditionId(address oracle, bytes32 questionId, uint256 outcomeSlotCount) pure returns (bytes32)',
	'function getCollectionId(bytes32 parentCollectionId, bytes32 conditionId, uint256 indexSet) view returns (bytes32)',
	'function getPositionId(address collateralToken, bytes32 collectionId) pure returns (uint256)',
	'function balanceOf(address owner, uint256 id) view returns (uint256)',
	'function balanceOfBatch(address[] owners, uint256[] ids) view returns (uint256[])',
	'function safeTransferFrom(address from, address to, uint256 id, uint256 value, bytes data)',
	'function safeBatchTransferFrom(address from, address to, uint256[] ids, uint256[] values, bytes data)',
	'event TransferSingle(address indexed operator, address indexed from, address indexed to, uint256 id, uint256 value)',
	'event TransferBatch(address indexed operator, address indexed from, address indexed to, uint256[] ids, uint256[] values)',
]);
