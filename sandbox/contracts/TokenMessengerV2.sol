// SPDX-License-Identifier: MIT
pragma solidity 0.8.25;

interface IERC20 {
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

interface IMessageTransmitterV2 {
    function sendMessage(
        uint32 destinationDomain,
        bytes32 recipient,
        bytes32 destinationCaller,
        uint32 minFinalityThreshold,
        bytes calldata messageBody
    ) external;
}

interface ITokenMinterV2 {
    function burn(address burnToken, uint256 burnAmount) external;
    function mint(uint32 sourceDomain, bytes32 burnToken, address to, uint256 amount) external returns (address);
    function mint(
        uint32 sourceDomain,
        bytes32 burnToken,
        address recipientOne,
        address recipientTwo,
        uint256 amountOne,
        uint256 amountTwo
    ) external returns (address);
}

/**
 * A stand-in for the TokenMessengerV2 of Circle's CCTP, for local chains only.
 *
 * Kept as on the deployed contracts: the signatures of `depositForBurn` and `depositForBurnWithHook`, which return nothing; the events
 * `DepositForBurn` and `MintAndWithdraw` with their indexed fields; the body of 228 bytes and hook data (version at 0, burnToken at 4,
 * mintRecipient at 36, amount at 68, messageSender at 100, maxFee at 132, feeExecuted at 164, expirationBlock at 196, hookData at 228),
 * sent with feeExecuted and expirationBlock zero; `minFee` in thousandths of a basis point and `getMinFeeAmount`, at least 1; `localMinter` and
 * `remoteTokenMessengers`; on arrival the least finality of 500, the expiry, the fee below the amount and up to the maximum, at either
 * finality, and the fee minted to `feeRecipient`; the order of the checks and their texts.
 *
 * Not kept: proxy and initializer, the denylist, changes of roles, minter and remote messengers, rescue of tokens. The owner sets the
 * minimum fee, where the deployed contract has a role for it.
 */
contract TokenMessengerV2 {
    event DepositForBurn(
        address indexed burnToken,
        uint256 amount,
        address indexed depositor,
        bytes32 mintRecipient,
        uint32 destinationDomain,
        bytes32 destinationTokenMessenger,
        bytes32 destinationCaller,
        uint256 maxFee,
        uint32 indexed minFinalityThreshold,
        bytes hookData
    );
    event MintAndWithdraw(
        address indexed mintRecipient,
        uint256 amount,
        address indexed mintToken,
        uint256 feeCollected
    );

    struct Deposit {
        uint256 amount;
        uint32 destinationDomain;
        bytes32 mintRecipient;
        address burnToken;
        bytes32 destinationCaller;
        uint256 maxFee;
        uint32 minFinalityThreshold;
        bytes hookData;
    }

    uint256 private constant FIXED_LENGTH = 228;
    uint32 private constant MIN_FINALITY_THRESHOLD = 500;

    uint256 public constant MIN_FEE_MULTIPLIER = 10_000_000;
    uint32 public constant messageBodyVersion = 1;
    address public immutable localMessageTransmitter;
    ITokenMinterV2 public immutable localMinter;
    address public immutable feeRecipient;
    address public immutable owner;
    uint256 public minFee;
    mapping(uint32 => bytes32) public remoteTokenMessengers;

    modifier onlyKnown(uint32 remoteDomain, bytes32 sender) {
        require(msg.sender == localMessageTransmitter, "Invalid message transmitter");
        require(
            sender != bytes32(0) && remoteTokenMessengers[remoteDomain] == sender,
            "Remote TokenMessenger unsupported"
        );
        _;
    }

    constructor(
        address _messageTransmitter,
        ITokenMinterV2 _minter,
        address _feeRecipient,
        address _owner,
        uint32[] memory _domains,
        bytes32[] memory _messengers
    ) {
        localMessageTransmitter = _messageTransmitter;
        localMinter = _minter;
        feeRecipient = _feeRecipient;
        owner = _owner;
        for (uint256 i = 0; i < _domains.length; i++) remoteTokenMessengers[_domains[i]] = _messengers[i];
    }

    /// @param _minFee in thousandths of a basis point of what is burned.
    function setMinFee(uint256 _minFee) external {
        require(msg.sender == owner, "Ownable: caller is not the owner");
        require(_minFee < MIN_FEE_MULTIPLIER, "Min fee too high");
        minFee = _minFee;
    }

    function getMinFeeAmount(uint256 amount) external view returns (uint256) {
        if (minFee == 0) return 0;
        require(amount > 1, "Amount too low");
        return _minFeeAmount(amount);
    }

    function depositForBurn(
        uint256 amount,
        uint32 destinationDomain,
        bytes32 mintRecipient,
        address burnToken,
        bytes32 destinationCaller,
        uint256 maxFee,
        uint32 minFinalityThreshold
    ) external {
        Deposit memory deposit = Deposit(
            amount,
            destinationDomain,
            mintRecipient,
            burnToken,
            destinationCaller,
            maxFee,
            minFinalityThreshold,
            ""
        );
        _depositForBurn(deposit);
    }

    function depositForBurnWithHook(
        uint256 amount,
        uint32 destinationDomain,
        bytes32 mintRecipient,
        address burnToken,
        bytes32 destinationCaller,
        uint256 maxFee,
        uint32 minFinalityThreshold,
        bytes calldata hookData
    ) external {
        require(hookData.length > 0, "Hook data is empty");
        Deposit memory deposit = Deposit(
            amount,
            destinationDomain,
            mintRecipient,
            burnToken,
            destinationCaller,
            maxFee,
            minFinalityThreshold,
            hookData
        );
        _depositForBurn(deposit);
    }

    function handleReceiveFinalizedMessage(
        uint32 remoteDomain,
        bytes32 sender,
        uint32,
        bytes calldata messageBody
    ) external onlyKnown(remoteDomain, sender) returns (bool) {
        return _mint(remoteDomain, messageBody);
    }

    function handleReceiveUnfinalizedMessage(
        uint32 remoteDomain,
        bytes32 sender,
        uint32 finalityThresholdExecuted,
        bytes calldata messageBody
    ) external onlyKnown(remoteDomain, sender) returns (bool) {
        require(finalityThresholdExecuted >= MIN_FINALITY_THRESHOLD, "Unsupported finality threshold");
        return _mint(remoteDomain, messageBody);
    }

    function _depositForBurn(Deposit memory deposit) private {
        require(deposit.amount > 0, "Amount must be nonzero");
        require(deposit.mintRecipient != bytes32(0), "Mint recipient must be nonzero");
        require(deposit.maxFee < deposit.amount, "Max fee must be less than amount");
        require(minFee == 0 || deposit.maxFee >= _minFeeAmount(deposit.amount), "Insufficient max fee");
        bytes32 remote = remoteTokenMessengers[deposit.destinationDomain];
        require(remote != bytes32(0), "No TokenMessenger for domain");
        require(
            IERC20(deposit.burnToken).transferFrom(msg.sender, address(localMinter), deposit.amount),
            "Transfer operation failed"
        );
        localMinter.burn(deposit.burnToken, deposit.amount);
        IMessageTransmitterV2(localMessageTransmitter).sendMessage(
            deposit.destinationDomain,
            remote,
            deposit.destinationCaller,
            deposit.minFinalityThreshold,
            _body(deposit)
        );
        emit DepositForBurn(
            deposit.burnToken,
            deposit.amount,
            msg.sender,
            deposit.mintRecipient,
            deposit.destinationDomain,
            remote,
            deposit.destinationCaller,
            deposit.maxFee,
            deposit.minFinalityThreshold,
            deposit.hookData
        );
    }

    /// The attesters fill in the fee that they take and the block at which the message expires.
    function _body(Deposit memory deposit) private view returns (bytes memory) {
        bytes32 token = bytes32(uint256(uint160(deposit.burnToken)));
        bytes32 sender = bytes32(uint256(uint160(msg.sender)));
        bytes memory start = abi.encodePacked(messageBodyVersion, token, deposit.mintRecipient, deposit.amount, sender);
        return abi.encodePacked(start, deposit.maxFee, uint256(0), uint256(0), deposit.hookData);
    }

    function _minFeeAmount(uint256 amount) private view returns (uint256 fee) {
        fee = (amount * minFee) / MIN_FEE_MULTIPLIER;
        if (fee == 0) fee = 1;
    }

    function _mint(uint32 remoteDomain, bytes calldata body) private returns (bool) {
        require(body.length >= FIXED_LENGTH, "Invalid message: too short");
        require(uint32(bytes4(body[0:4])) == messageBodyVersion, "Invalid message body version");
        uint256 expirationBlock = uint256(bytes32(body[196:228]));
        require(
            expirationBlock == 0 || expirationBlock > block.number,
            "Message expired and must be re-signed"
        );
        uint256 amount = uint256(bytes32(body[68:100]));
        uint256 fee = uint256(bytes32(body[164:196]));
        require(fee == 0 || fee < amount, "Fee equals or exceeds amount");
        require(fee <= uint256(bytes32(body[132:164])), "Fee exceeds max fee");
        address recipient = address(uint160(uint256(bytes32(body[36:68]))));
        bytes32 burnToken = bytes32(body[4:36]);
        address token = fee == 0
            ? localMinter.mint(remoteDomain, burnToken, recipient, amount)
            : localMinter.mint(remoteDomain, burnToken, recipient, feeRecipient, amount - fee, fee);
        emit MintAndWithdraw(recipient, amount - fee, token, fee);
        return true;
    }
}
