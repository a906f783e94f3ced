//! One registry of typed ids. An id is a short prefix, which tells a reader of
//! a log what it names, and 26 characters of ULID, which sort by creation.

use crate::Ctx;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String)]
        pub struct $name(pub String);

        impl $name {
            pub const PREFIX: &'static str = $prefix;

            /// A new id, from the context's clock and chance.
            pub fn new(ctx: &Ctx) -> Self {
                Self(format!("{}_{}", $prefix, ctx.ulid()))
            }
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl From<String> for $name {
            fn from(s: String) -> Self {
                Self(s)
            }
        }
        impl From<&str> for $name {
            fn from(s: &str) -> Self {
                Self(s.to_owned())
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    )*};
}

ids! {
    /// 机构: an institution, an authority, a government, a committee, a regulator.
    InstitutionId = "org";
    /// 人员: somebody who signs in.
    PersonId = "per";
    /// 数据利用主体: a citizen or firm that uses opened data.
    DataUserId = "usr";
    /// 会话
    SessionId = "ses";
    /// 数据资源: a catalog entry.
    ResourceId = "res";
    /// 数据项: a column of a resource.
    ItemId = "itm";
    /// 数据来源: a source that collection reads.
    SourceId = "src";
    /// 批次: one load.
    BatchId = "bat";
    /// 问题行: a quarantined row.
    QuarantineId = "qrw";
    /// 质量规则
    QualityRuleId = "qrl";
    /// 质量检查
    QualityRunId = "qrn";
    /// 问题工单
    WorkOrderId = "wko";
    /// 共享申请
    ShareRequestId = "req";
    /// 共享授权
    GrantId = "grt";
    /// 应用: a consumer's application that calls the gateway.
    ApplicationId = "app";
    /// 接口服务: an interface on the gateway.
    ServiceId = "svc";
    /// 意见建议
    OpinionId = "opi";
    /// 撤回申请
    WithdrawalId = "wdr";
    /// 办理流程: a running procedure.
    ProcedureId = "prc";
    /// 办理环节: a step of a running procedure.
    StepId = "stp";
    /// 说明文本: a text that the ledger only knows by its salted hash.
    TextId = "txt";
    /// 通知
    NoticeId = "ntc";
    /// 后台任务
    JobId = "job";
    /// 文件
    FileId = "fil";
    /// 发布版本: one publication of an opened dataset.
    PublicationId = "pub";
}
