// SPDX-License-Identifier: MIT
pragma solidity 0.8.25;

interface IERC20 {
    function decimals() external view returns (uint8);
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

/**
 * A stand-in for Everclear's spoke, for local chains only.
 *
 * Kept as on the deployed spokes: the signature of `newIntent` (selector 0x4a943d21), its rules on destinations, output asset, ttl,
 * maximum fee and amount, and the names of its errors; the event `IntentAdded` in its second version (topic 0x80eb6c87...5991), with
 * the intent's id as keccak256 of its encoding and its amount normalised to 18 decimals; `Settled`; the values of `status`; payouts in
 * the token's own decimals, rounded down.
 *
 * Stricter than the real one: an intent may not name its own chain as a destination, which the hub would refuse later.
 *
 * Not kept: queues and the messages to the hub, fills, Permit2, fee adapter, asset strategies, calldata execution, pausing, upgrades.
 * The hub's settlements arrive by one call of the owner instead of a message.
 */
contract EverclearSpoke {
    enum IntentStatus {
        NONE,
        ADDED,
        DEPOSIT_PROCESSED,
        FILLED,
        ADDED_AND_FILLED,
        INVOICED,
        SETTLED,
        SETTLED_AND_MANUALLY_EXECUTED,
        UNSUPPORTED,
        UNSUPPORTED_RETURNED
    }

    struct Intent {
        bytes32 initiator;
        bytes32 receiver;
        bytes32 inputAsset;
        bytes32 outputAsset;
        uint32 origin;
        uint64 nonce;
        uint48 timestamp;
        uint48 ttl;
        uint256 amount;
        uint256 amountOutMin;
        uint32[] destinations;
        bytes data;
    }

    event IntentAdded(bytes32 indexed _intentId, uint256 _queueIdx, Intent _intent);
    event Settled(bytes32 indexed _intentId, address _account, address _asset, uint256 _amount);

    error EverclearSpoke_NewIntent_InvalidIntent();
    error EverclearSpoke_NewIntent_OutputAssetNull();
    error EverclearSpoke_NewIntent_OutputAssetNotNull();
    error EverclearSpoke_NewIntent_MaxFeeExceeded(uint256 _fee, uint24 _maxFee);
    error EverclearSpoke_NewIntent_ZeroAmount();
    error EverclearSpoke_NotOwner();
    error EverclearSpoke_AlreadySettled(bytes32 _intentId);
    error EverclearSpoke_TransferFailed(address _asset);

    uint256 private constant MAX_DESTINATIONS = 10;
    uint24 private constant MAX_FEE = 100_000;
    uint8 private constant HUB_DECIMALS = 18;

    address public immutable owner;
    uint64 public nonce;
    uint256 public queueIndex;
    mapping(bytes32 => IntentStatus) public status;

    constructor(address _owner) {
        owner = _owner;
    }

    /// @param _amount in the token's own units; pulled from the caller, who has approved this contract.
    function newIntent(
        uint32[] memory _destinations,
        address _receiver,
        address _inputAsset,
        address _outputAsset,
        uint256 _amount,
        uint24 _maxFee,
        uint48 _ttl,
        bytes memory _data
    ) external returns (bytes32 _intentId, Intent memory _intent) {
        _check(_destinations, _outputAsset, _maxFee, _ttl);
        _intent.initiator = _toBytes32(msg.sender);
        _intent.receiver = _toBytes32(_receiver);
        _intent.inputAsset = _toBytes32(_inputAsset);
        _intent.outputAsset = _toBytes32(_outputAsset);
        _intent.origin = uint32(block.chainid);
        _intent.nonce = ++nonce;
        _intent.timestamp = uint48(block.timestamp);
        _intent.ttl = _ttl;
        _intent.amount = _normalise(_inputAsset, _amount);
        _intent.destinations = _destinations;
        _intent.data = _data;
        if (_intent.amount == 0) revert EverclearSpoke_NewIntent_ZeroAmount();
        _intentId = _add(_intent);
        _pull(_inputAsset, _amount);
    }

    /// @param _amount in 18 decimals; what is paid is rounded down to the token's own.
    function settle(bytes32 _intentId, address _receiver, address _asset, uint256 _amount) external {
        if (msg.sender != owner) revert EverclearSpoke_NotOwner();
        if (status[_intentId] == IntentStatus.SETTLED) revert EverclearSpoke_AlreadySettled(_intentId);
        status[_intentId] = IntentStatus.SETTLED;
        uint256 paid = _denormalise(_asset, _amount);
        if (!IERC20(_asset).transfer(_receiver, paid)) revert EverclearSpoke_TransferFailed(_asset);
        emit Settled(_intentId, _receiver, _asset, paid);
    }

    function _check(uint32[] memory _destinations, address _outputAsset, uint24 _maxFee, uint48 _ttl) private view {
        uint256 count = _destinations.length;
        if (count == 0 || count > MAX_DESTINATIONS) revert EverclearSpoke_NewIntent_InvalidIntent();
        if (_maxFee > MAX_FEE) revert EverclearSpoke_NewIntent_MaxFeeExceeded(_maxFee, MAX_FEE);
        if (count == 1) {
            if (_destinations[0] == block.chainid) revert EverclearSpoke_NewIntent_InvalidIntent();
            if (_ttl != 0 && _outputAsset == address(0)) revert EverclearSpoke_NewIntent_OutputAssetNull();
            return;
        }
        if (_ttl != 0 || _outputAsset != address(0)) revert EverclearSpoke_NewIntent_OutputAssetNotNull();
        for (uint256 i = 0; i < count; i++) {
            if (_destinations[i] == block.chainid) revert EverclearSpoke_NewIntent_InvalidIntent();
        }
    }

    function _add(Intent memory _intent) private returns (bytes32 _intentId) {
        _intentId = keccak256(abi.encode(_intent));
        status[_intentId] = IntentStatus.ADDED;
        emit IntentAdded(_intentId, ++queueIndex, _intent);
    }

    function _pull(address _asset, uint256 _amount) private {
        if (!IERC20(_asset).transferFrom(msg.sender, address(this), _amount)) revert EverclearSpoke_TransferFailed(_asset);
    }

    function _normalise(address _asset, uint256 _amount) private view returns (uint256) {
        uint8 decimals = IERC20(_asset).decimals();
        if (decimals > HUB_DECIMALS) return _amount / 10 ** (decimals - HUB_DECIMALS);
        return _amount * 10 ** (HUB_DECIMALS - decimals);
    }

    function _denormalise(address _asset, uint256 _amount) private view returns (uint256) {
        uint8 decimals = IERC20(_asset).decimals();
        if (decimals > HUB_DECIMALS) return _amount * 10 ** (decimals - HUB_DECIMALS);
        return _amount / 10 ** (HUB_DECIMALS - decimals);
    }

    function _toBytes32(address _account) private pure returns (bytes32) {
        return bytes32(uint256(uint160(_account)));
    }
}
