// SPDX-License-Identifier: MIT
pragma solidity 0.8.25;

interface IMessageHandlerV2 {
    function handleReceiveFinalizedMessage(
        uint32 sourceDomain,
        bytes32 sender,
        uint32 finalityThresholdExecuted,
        bytes calldata messageBody
    ) external returns (bool);

    function handleReceiveUnfinalizedMessage(
        uint32 sourceDomain,
        bytes32 sender,
        uint32 finalityThresholdExecuted,
        bytes calldata messageBody
    ) external returns (bool);
}

/**
 * A stand-in for the MessageTransmitterV2 of Circle's CCTP, for local chains only.
 *
 * Kept as on the deployed contracts: the signatures of `sendMessage` and `receiveMessage`; the events `MessageSent` and
 * `MessageReceived` with their indexed fields; the header of 148 bytes (version at 0, sourceDomain at 4, destinationDomain at 8,
 * nonce at 12, sender at 44, recipient at 76, destinationCaller at 108, minFinalityThreshold at 140, finalityThresholdExecuted at 144),
 * sent with nonce and finalityThresholdExecuted zero; an attestation of `signatureThreshold` signatures of 65 bytes over the hash of the message, their
 * signers strictly increasing; `usedNonces`, where nonce zero is taken from the start; the order of the checks and their texts; below
 * 2000 the recipient is told that the message is not final; the pause, which stops sending and receiving.
 *
 * Not kept: proxy and initializer, changes of attesters, threshold and roles, rescue of tokens.
 */
contract MessageTransmitterV2 {
    event MessageSent(bytes message);
    event MessageReceived(
        address indexed caller,
        uint32 sourceDomain,
        bytes32 indexed nonce,
        bytes32 sender,
        uint32 indexed finalityThresholdExecuted,
        bytes messageBody
    );
    event Pause();
    event Unpause();

    uint256 private constant HEADER_LENGTH = 148;
    uint256 private constant SIGNATURE_LENGTH = 65;
    uint32 private constant FINALITY_THRESHOLD_FINALIZED = 2000;
    uint256 private constant NONCE_USED = 1;
    /// Half of the order of secp256k1: every signature has a twin with s above it, and only one of the two may count.
    uint256 private constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    uint32 public constant version = 1;
    uint32 public immutable localDomain;
    uint256 public immutable signatureThreshold;
    uint256 public constant maxMessageBodySize = 8192;
    address public immutable pauser;
    bool public paused;
    mapping(address => bool) public isEnabledAttester;
    mapping(bytes32 => uint256) public usedNonces;

    modifier whenNotPaused() {
        require(!paused, "Pausable: paused");
        _;
    }

    modifier onlyPauser() {
        require(msg.sender == pauser, "Pausable: caller is not the pauser");
        _;
    }

    /// All attesters have to sign.
    constructor(uint32 _localDomain, address _pauser, address[] memory _attesters) {
        localDomain = _localDomain;
        pauser = _pauser;
        signatureThreshold = _attesters.length;
        for (uint256 i = 0; i < _attesters.length; i++) isEnabledAttester[_attesters[i]] = true;
        usedNonces[bytes32(0)] = NONCE_USED;
    }

    function pause() external onlyPauser {
        paused = true;
        emit Pause();
    }

    function unpause() external onlyPauser {
        paused = false;
        emit Unpause();
    }

    function sendMessage(
        uint32 destinationDomain,
        bytes32 recipient,
        bytes32 destinationCaller,
        uint32 minFinalityThreshold,
        bytes calldata messageBody
    ) external whenNotPaused {
        require(destinationDomain != localDomain, "Domain is local domain");
        require(messageBody.length <= maxMessageBodySize, "Message body exceeds max size");
        require(recipient != bytes32(0), "Recipient must be nonzero");
        bytes32 sender = bytes32(uint256(uint160(msg.sender)));
        // The attesters fill in the nonce and the finality that was really waited for.
        bytes memory start = abi.encodePacked(version, localDomain, destinationDomain, bytes32(0), sender, recipient);
        emit MessageSent(abi.encodePacked(start, destinationCaller, minFinalityThreshold, uint32(0), messageBody));
    }

    /// Anybody may deliver a message, once, unless it names its caller.
    function receiveMessage(
        bytes calldata message,
        bytes calldata attestation
    ) external whenNotPaused returns (bool success) {
        _checkAttestation(message, attestation);
        bytes32 nonce = _checkHeader(message);
        usedNonces[nonce] = NONCE_USED;
        _deliver(message);
        emit MessageReceived(
            msg.sender,
            uint32(bytes4(message[4:8])),
            nonce,
            bytes32(message[44:76]),
            uint32(bytes4(message[144:148])),
            message[HEADER_LENGTH:]
        );
        return true;
    }

    function _checkHeader(bytes calldata message) private view returns (bytes32 nonce) {
        require(message.length >= HEADER_LENGTH, "Invalid message: too short");
        require(uint32(bytes4(message[8:12])) == localDomain, "Invalid destination domain");
        bytes32 caller = bytes32(message[108:140]);
        require(
            caller == bytes32(0) || caller == bytes32(uint256(uint160(msg.sender))),
            "Invalid caller for message"
        );
        require(uint32(bytes4(message[0:4])) == version, "Invalid message version");
        nonce = bytes32(message[12:44]);
        require(usedNonces[nonce] == 0, "Nonce already used");
    }

    function _deliver(bytes calldata message) private {
        IMessageHandlerV2 recipient = IMessageHandlerV2(address(uint160(uint256(bytes32(message[76:108])))));
        uint32 source = uint32(bytes4(message[4:8]));
        bytes32 sender = bytes32(message[44:76]);
        uint32 finality = uint32(bytes4(message[144:148]));
        bytes calldata body = message[HEADER_LENGTH:];
        if (finality < FINALITY_THRESHOLD_FINALIZED) {
            require(
                recipient.handleReceiveUnfinalizedMessage(source, sender, finality, body),
                "handleReceiveUnfinalizedMessage() failed"
            );
        } else {
            require(
                recipient.handleReceiveFinalizedMessage(source, sender, finality, body),
                "handleReceiveFinalizedMessage() failed"
            );
        }
    }

    function _checkAttestation(bytes calldata message, bytes calldata attestation) private view {
        require(attestation.length == SIGNATURE_LENGTH * signatureThreshold, "Invalid attestation length");
        bytes32 digest = keccak256(message);
        address previous = address(0);
        for (uint256 i = 0; i < signatureThreshold; i++) {
            address signer = _signer(digest, attestation[i * SIGNATURE_LENGTH:(i + 1) * SIGNATURE_LENGTH]);
            require(signer > previous, "Invalid signature order or dupe");
            require(isEnabledAttester[signer], "Invalid signature: not attester");
            previous = signer;
        }
    }

    function _signer(bytes32 digest, bytes calldata signature) private pure returns (address signer) {
        bytes32 s = bytes32(signature[32:64]);
        uint8 v = uint8(signature[64]);
        require(uint256(s) <= HALF_ORDER, "ECDSA: invalid signature 's' value");
        require(v == 27 || v == 28, "ECDSA: invalid signature 'v' value");
        signer = ecrecover(digest, v, bytes32(signature[0:32]), s);
        require(signer != address(0), "ECDSA: invalid signature");
    }
}
