// SPDX-License-Identifier: MIT
pragma solidity 0.8.25;

interface IMintBurnToken {
    function mint(address to, uint256 amount) external returns (bool);
    function burn(uint256 amount) external;
}

/**
 * A stand-in for the TokenMinterV2 of Circle's CCTP, for local chains only.
 *
 * Kept as on the deployed contracts: it is a minter of the token, receives what is burned and burns it; `burnLimitsPerMessage`, where
 * zero means that the token is not burned here; `getLocalToken`; one mint for the recipient, or two for recipient and fee, in this
 * order; nobody but the local TokenMessenger may burn and mint; the texts of the refusals. Mints know no limit.
 *
 * Not kept: changes of token pairs and roles, a pause of its own, rescue of tokens.
 */
contract TokenMinterV2 {
    event SetBurnLimitPerMessage(address indexed token, uint256 burnLimitPerMessage);

    address public immutable localTokenMessenger;
    address public immutable tokenController;
    mapping(address => uint256) public burnLimitsPerMessage;
    mapping(bytes32 => address) public remoteTokensToLocalTokens;

    modifier onlyLocalTokenMessenger() {
        require(msg.sender == localTokenMessenger, "Caller not local TokenMessenger");
        _;
    }

    /// The token is one with the remote ones, each on the domain of the same index.
    constructor(
        address _localTokenMessenger,
        address _tokenController,
        address _token,
        uint256 _burnLimit,
        uint32[] memory _domains,
        bytes32[] memory _remoteTokens
    ) {
        localTokenMessenger = _localTokenMessenger;
        tokenController = _tokenController;
        burnLimitsPerMessage[_token] = _burnLimit;
        emit SetBurnLimitPerMessage(_token, _burnLimit);
        for (uint256 i = 0; i < _domains.length; i++) {
            remoteTokensToLocalTokens[_key(_domains[i], _remoteTokens[i])] = _token;
        }
    }

    function setMaxBurnAmountPerMessage(address localToken, uint256 burnLimitPerMessage) external {
        require(msg.sender == tokenController, "Caller is not tokenController");
        burnLimitsPerMessage[localToken] = burnLimitPerMessage;
        emit SetBurnLimitPerMessage(localToken, burnLimitPerMessage);
    }

    function getLocalToken(uint32 remoteDomain, bytes32 remoteToken) external view returns (address) {
        return remoteTokensToLocalTokens[_key(remoteDomain, remoteToken)];
    }

    function burn(address burnToken, uint256 burnAmount) external onlyLocalTokenMessenger {
        uint256 limit = burnLimitsPerMessage[burnToken];
        require(limit > 0, "Burn token not supported");
        require(burnAmount <= limit, "Burn amount exceeds per tx limit");
        IMintBurnToken(burnToken).burn(burnAmount);
    }

    function mint(
        uint32 sourceDomain,
        bytes32 burnToken,
        address to,
        uint256 amount
    ) external onlyLocalTokenMessenger returns (address mintToken) {
        mintToken = _supported(sourceDomain, burnToken);
        require(IMintBurnToken(mintToken).mint(to, amount), "Mint operation failed");
    }

    function mint(
        uint32 sourceDomain,
        bytes32 burnToken,
        address recipientOne,
        address recipientTwo,
        uint256 amountOne,
        uint256 amountTwo
    ) external onlyLocalTokenMessenger returns (address mintToken) {
        mintToken = _supported(sourceDomain, burnToken);
        require(IMintBurnToken(mintToken).mint(recipientOne, amountOne), "First mint operation failed");
        require(IMintBurnToken(mintToken).mint(recipientTwo, amountTwo), "Second mint operation failed");
    }

    function _supported(uint32 domain, bytes32 remoteToken) private view returns (address token) {
        token = remoteTokensToLocalTokens[_key(domain, remoteToken)];
        require(token != address(0), "Mint token not supported");
    }

    function _key(uint32 domain, bytes32 remoteToken) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(domain, remoteToken));
    }
}
