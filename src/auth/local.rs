//! The decision about callers on this host: processes that use the admin socket or the root itself,
//! and the registry's own tasks.

use std::sync::Arc;

use super::Denied;
use crate::oci::{Action, Caller, Context, Permit, Task, Visibility};

/// The user id that may administer any root.
const SUPERUSER: u32 = 0;

/// Decides whether a process on this host, or a task, may administer the root that the user `owner`
/// serves: only the owner, the superuser and the registry itself may.
pub fn decide_local(context: Context, owner: u32) -> Result<Permit, Denied> {
    match context.caller {
        Caller::Uid(uid) if uid == SUPERUSER || uid == owner => Ok(permit(context)),
        Caller::Task(_) => Ok(permit(context)),
        Caller::Uid(_)
        | Caller::Anonymous
        | Caller::Account { .. }
        | Caller::Token { .. }
        | Caller::Workload { .. } => Err(Denied::Forbidden),
    }
}

/// Permits a task of the registry.
pub fn permit_task(task: Task) -> Permit {
    permit(Context::task(task))
}

fn permit(context: Context) -> Permit {
    Permit::grant(
        Arc::new(context),
        Action::Administer,
        Visibility::Everything,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_and_the_superuser_administer_a_root() {
        for (uid, allowed) in [(0, true), (1000, true), (1001, false)] {
            let permit = decide_local(Context::uid(uid), 1000);
            assert_eq!(permit.is_ok(), allowed, "{uid}");
        }
        let nobody = Context {
            caller: Caller::Anonymous,
            ..Context::uid(0)
        };
        assert!(decide_local(nobody, 0).is_err());
        let permit = permit_task(Task::Schedule);
        assert_eq!(permit.context().caller.actor(), "task:schedule");
    }
}
