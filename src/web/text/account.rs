//! The texts for those who sign in, both languages side by side: a text that lacks one of them does
//! not compile.

/// Declares a catalogue of texts, with a constant for each language.
macro_rules! catalogue {
    ($(#[$about:meta])* $name:ident: $($key:ident: $english:literal, $chinese:literal;)*) => {
        $(#[$about])*
        pub(in crate::web) struct $name {
            $(pub(in crate::web) $key: &'static str),*
        }

        /// In English.
        pub(super) const ENGLISH: $name = $name { $($key: $english),* };

        /// In Chinese, simplified.
        pub(super) const CHINESE: $name = $name { $($key: $chinese),* };
    };
}

catalogue! {
    /// The texts of accounts, sessions and actions. `{}` stands for what is put in.
    AccountText:
    navigation: "Navigation", "导航";
    sign_in: "Sign in", "登录";
    sign_out: "Sign out", "退出登录";
    account: "Account", "账号";
    password: "Password", "密码";
    wrong_password: "The name or the password is wrong.", "名称或密码错误。";
    wait: "Too many sign-ins have failed. Try again in {} s.", "登录失败次数过多。请在 {} 秒后重试。";
    busy: "Too many sign-ins at once. Try again soon.", "同时登录过多。请稍后重试。";
    plain_password: "This connection is not encrypted: the password can be read on the way.", "此连接未加密：密码可能在传输途中被读取。";
    sign_in_first: "Nothing here is public. Sign in to see your repositories.", "这里没有公开内容。请登录以查看您的仓库。";
}
