//! Every reason for which the gateway refuses.

base::errors! {
    TOKEN_MISSING = 401 "gateway.token_missing",
        "请求没有携带访问令牌", "the request carries no access token",
        "请先用应用的客户端编号和密钥在 /oauth/token 换取令牌，再以 Authorization: Bearer 携带", "get a token at /oauth/token with the application's client id and secret, then send it as Authorization: Bearer";
    TOKEN_INVALID = 401 "gateway.token_invalid",
        "访问令牌无效", "the access token is not valid",
        "请重新换取令牌", "get a new token";
    TOKEN_EXPIRED = 401 "gateway.token_expired",
        "访问令牌已过期", "the access token has expired",
        "请重新换取令牌", "get a new token";
    TOKEN_OTHER_NODE = 401 "gateway.token_other_node",
        "访问令牌由其他节点签发", "the access token was issued by another node",
        "请在本节点换取令牌", "get a token from this node";
    TOKEN_REVOKED = 401 "gateway.token_revoked",
        "访问令牌已作废：应用密钥已更换", "the access token was revoked: the application's secret was changed",
        "请用新的密钥换取令牌", "get a token with the new secret";
    TOKEN_REPLAYED = 401 "gateway.token_replayed",
        "访问令牌被用于签发地址以外的地址", "the access token is used from another address than it was issued to",
        "请在调用服务器上换取令牌，或为应用登记允许的地址", "get the token on the server that calls, or register the application's addresses";
    CLIENT_INVALID = 401 "gateway.client_invalid",
        "客户端编号或密钥不正确", "client id or secret is wrong",
        "请核对应用的客户端编号；密钥遗失时请重新生成", "check the application's client id; if the secret is lost, make a new one";
    GRANT_TYPE = 400 "gateway.grant_type",
        "只支持 client_credentials 方式", "only client_credentials is supported",
        "请以 grant_type=client_credentials 请求令牌", "ask with grant_type=client_credentials";
    APPLICATION_INACTIVE = 403 "gateway.application_inactive",
        "应用已停用", "the application is not active",
        "请联系本单位的用数申请人启用应用", "ask your institution's applicant to activate it";
    ADDRESS_NOT_ALLOWED = 403 "gateway.address_not_allowed",
        "调用地址不在应用登记的地址范围内", "the call comes from an address that is not registered for the application",
        "请从登记的地址调用，或修改应用的地址范围", "call from a registered address, or change the application's addresses";
    NO_SERVICE = 404 "gateway.no_service",
        "没有这个接口服务", "there is no such service",
        "请在“接口服务”页面核对地址", "compare the address with the services page";
    NOT_GRANTED = 403 "gateway.not_granted",
        "应用没有获得该接口的授权", "the application has no grant for this service",
        "请为该应用提交共享申请", "file a sharing request for the application";
    GRANT_SUSPENDED = 403 "gateway.grant_suspended",
        "授权已被中止", "the grant is suspended",
        "请联系数源部门或主管部门了解原因", "ask the provider or the authority for the reason";
    GRANT_EXPIRED = 403 "gateway.grant_expired",
        "授权已到期", "the grant has expired",
        "请重新提交共享申请", "file a new sharing request";
    GRANT_ENDED = 403 "gateway.grant_ended",
        "授权已终止", "the grant has ended",
        "请重新提交共享申请", "file a new sharing request";
    RESOURCE_SUSPENDED = 403 "gateway.resource_suspended",
        "该数据资源已中止提供", "the data resource is suspended",
        "请联系数源部门了解恢复时间", "ask the provider when it will be restored";
    ITEM_NOT_GRANTED = 403 "gateway.item_not_granted",
        "数据项“{item}”不在授权范围内", "the item “{item}” is not granted",
        "请只请求授权的数据项，或另行申请", "ask for granted items only, or apply for it";
    RATE = 429 "gateway.rate",
        "调用超过授权的速率(每秒 {rate} 次)", "calls exceed the granted rate of {rate} a second",
        "请按 Retry-After 的秒数等待后重试", "wait as Retry-After says";
    GRANTS_STALE = 503 "gateway.grants_stale",
        "授权信息已超过允许的时限，暂停应答", "the gateway's copy of the grants is too old to answer from",
        "请稍后重试；如持续出现请联系平台管理员", "try again later; if it lasts, tell the administrator";
    LOG_UNAVAILABLE = 503 "gateway.log_unavailable",
        "访问日志暂时无法写入，不能应答", "the access log cannot be written, so no answer may leave",
        "请稍后重试；如持续出现请联系平台管理员", "try again later; if it lasts, tell the administrator";
    INDEX_NOT_READY = 503 "gateway.index_not_ready",
        "该数据资源的查询索引尚未就绪", "the index of this data resource is not ready",
        "请稍后重试", "try again later";
    CALL_UNREADABLE = 400 "gateway.bad_request",
        "请求内容无法识别：{detail}", "the call cannot be read: {detail}",
        "请对照接口说明修改请求", "compare the call with the service's description";
    KEY_MISSING = 422 "gateway.key_missing",
        "缺少查询条件“{item}”", "the key item “{item}” is missing",
        "请填写接口要求的全部查询条件", "give every key item of the service";
    KEY_UNKNOWN = 422 "gateway.key_unknown",
        "“{item}”不是该接口的查询条件", "“{item}” is not a key item of this service",
        "请只填写接口要求的查询条件", "give the service's key items only";
    MATCH_MISSING = 422 "gateway.match_missing",
        "核验接口需要待核验的数据项", "a verify service needs items to compare",
        "请在 match 中填写待核验的数据项和值", "give items and values in match";
    MATCH_NOT_ALLOWED = 422 "gateway.match_not_allowed",
        "查询接口不接受待核验的数据项", "a query service takes no items to compare",
        "请改用核验接口，或去掉 match", "use the verify service, or leave match out";
    TOO_MANY_ROWS = 422 "gateway.too_many_rows",
        "结果超过 {limit} 条", "more than {limit} records were found",
        "请用更精确的查询条件", "ask by a more exact key";
}
