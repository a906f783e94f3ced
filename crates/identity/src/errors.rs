//! Errors of signing in and of organisations.

base::errors! {
    BAD_CREDENTIALS = 401 "identity.bad_credentials",
        "账号或密码不正确", "the account or the password is wrong",
        "请检查后重试；连续失败 5 次将锁定 15 分钟", "check and try again; five failures lock the account for 15 minutes";
    LOCKED = 423 "identity.locked",
        "账号已锁定", "the account is locked",
        "请 15 分钟后重试，或联系本单位管理员", "try again in 15 minutes, or ask your administrator";
    INACTIVE = 403 "identity.inactive",
        "账号已停用", "the account is closed",
        "请联系本单位管理员", "ask your administrator";
    CSRF = 403 "identity.csrf",
        "请求缺少 X-Requested-With 头", "the header X-Requested-With is missing",
        "请从平台页面发起操作；程序调用请加上该请求头", "act from the platform's pages; a program adds the header";
    LOGIN_TAKEN = 409 "identity.login_taken",
        "该账号已被使用", "this account name is taken",
        "请换一个账号", "choose another one";
    ALREADY_REGISTERED = 409 "identity.already_registered",
        "该证件已经注册", "this document is registered already",
        "请直接登录，或找回账号", "sign in, or recover the account";
}
