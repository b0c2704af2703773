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
    sign_in_by: "Sign in with {}", "使用 {} 登录";
    provider_failed: "The sign-in with {} has failed. Try again, or ask an administrator: the log says why.", "使用 {} 登录失败。请重试，或询问管理员：日志中有原因。";
    sign_in_first: "Nothing here is public. Sign in to see your repositories.", "这里没有公开内容。请登录以查看您的仓库。";
    accounts: "Accounts", "账号管理";
    forbidden: "You may see this, but not do that.", "您可以查看此内容，但无权执行该操作。";
    delete: "Delete", "删除";
    delete_tag: "Delete this tag", "删除此标签";
    delete_tags: "Delete {} tags", "删除 {} 个标签";
    delete_selected: "Delete selected…", "删除所选…";
    delete_all: "Delete all {} that match…", "删除全部 {} 个匹配项…";
    delete_repository: "Delete this repository…", "删除此仓库…";
    deleted: "Deleted", "已删除";
    stays: "Other tags that stay", "保留的其他标签";
    held_by_index: "The image stays: an index contains it.", "镜像将保留：某个索引包含它。";
    children: "Platform images that go along", "一并删除的平台镜像";
    referrers: "Attached (signatures, SBOMs) that go along", "一并删除的附件（签名、SBOM）";
    freed: "Freed by a collection of untagged images", "回收无标签镜像后释放";
    with_images: "Delete the images that lose their last tag as well", "同时删除失去最后一个标签的镜像";
    undo_said: "What is deleted can be restored from the trash for its time.", "删除的内容在保留期内可以从回收站恢复。";
    undo: "Undo", "撤销";
    restored: "Restored", "已恢复";
    restorable_until: "Can be restored until", "可恢复至";
    trash: "Trash", "回收站";
    cancel: "Cancel", "取消";
    list_changed: "The list has changed. Look at it again.", "列表已变化，请重新确认。";
    and_more: "and {} more", "另有 {} 项";
    partly: "{} could not be done.", "{} 项未能完成。";
    not_done: "Not done:", "未完成：";
    new_tag: "Another tag for this image", "为此镜像添加标签";
    overwrite: "Overwrite if it exists", "若已存在则覆盖";
    set_tag: "Set tag", "设置标签";
    tag_malformed: "A tag is 1 to 128 letters, digits, '_', '.' and '-', and begins with none of the last two.", "标签由 1 到 128 个字母、数字、“_”、“.”、“-”组成，且不以后两者开头。";
    tag_taken: "This tag exists and points at another image.", "此标签已存在并指向另一个镜像。";
    tokens: "Personal tokens", "个人令牌";
    token: "token", "令牌";
    token_made: "The token is shown only now. Keep it.", "令牌仅显示这一次，请妥善保存。";
    token_name: "Name of the token", "令牌名称";
    token_unnamed: "The token needs a name.", "令牌需要名称。";
    token_revoked: "The token is revoked.", "令牌已撤销。";
    no_tokens: "No tokens yet.", "尚无令牌。";
    make_token: "Make a token", "创建令牌";
    scope: "Limited to", "限于";
    scope_hint: "Limited to (PATTERN:RIGHTS; empty for all that you may)", "限于（模式:权限；留空表示您的全部权限）";
    days: "Days until it ends (0 for never)", "有效天数（0 表示永不过期）";
    everything: "all that the account may", "账号的全部权限";
    expires: "Ends", "到期";
    last_use: "Last use", "最近使用";
    revoke: "Revoke", "撤销";
    sessions: "Sessions", "会话";
    browser: "Browser", "浏览器";
    address: "Address", "地址";
    signed_in: "Signed in", "登录时间";
    this_browser: "This browser", "当前浏览器";
    end: "End", "结束";
    end_others: "End all other sessions", "结束所有其他会话";
    change_password: "Change the password", "更改密码";
    old_password: "Old password", "旧密码";
    new_password: "New password", "新密码";
    new_password_again: "New password again", "再次输入新密码";
    passwords_differ: "The new password is empty, or the two differ.", "新密码为空或两次输入不一致。";
    wrong_old_password: "The old password is wrong.", "旧密码错误。";
    password_changed: "The password is changed; all other sessions have ended.", "密码已更改；其他会话均已结束。";
    done: "Done.", "已完成。";
    groups: "Groups", "组";
    group: "Group", "组";
    members: "Members", "成员";
    join_group: "Add accounts to a group", "将账号加入组";
    leave_group: "Remove an account from a group", "将账号移出组";
    robots: "Robots", "机器人账号";
    robot: "Robot", "机器人账号";
    add_robot: "Add a robot", "添加机器人账号";
    rights: "Rights", "权限";
    grant: "Grant rights", "授予权限";
    grantee: "Who", "对象";
    grantee_hint: "Account, group, users (all who sign in) or anonymous (everybody)", "账号、组、users（所有登录者）或 anonymous（任何人）";
    administrator: "Administrator", "管理员";
    disabled: "Disabled", "已停用";
    no_password: "No password", "无密码";
    enable: "Enable", "启用";
    disable: "Disable", "停用";
    remove: "Remove", "移除";
    actions: "Actions", "操作";
    add_account: "Add an account", "添加账号";
    set_password: "Set a password", "设置密码";
    last_administrator: "The last administrator can't be removed or disabled.", "不能移除或停用最后一位管理员。";
    star: "Star", "收藏";
    unstar: "Unstar", "取消收藏";
    settings: "Settings", "设置";
    description: "Description (Markdown; searches show the first line)", "说明（Markdown；搜索显示首行）";
    save: "Save", "保存";
    visibility: "Visibility", "可见性";
    everybody_pulls: "Everybody may pull, signed in or not", "任何人均可拉取，无需登录";
    who_may: "Who may do what", "权限一览";
    activity: "Activity", "活动";
    action: "Action", "操作";
    when: "When", "时间";
    program: "Program", "程序";
    last_days: "Last days", "最近天数";
    by_day: "Events by day", "每日事件数";
}
