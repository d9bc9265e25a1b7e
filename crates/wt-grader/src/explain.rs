//! One plain sentence for the compile errors that threads provoke.

/// What an error code means when threads are about, for someone who meets it the
/// first time. `rendered` is rustc's message: it tells `Send` from `Sync`.
#[must_use]
pub fn sentence(code: &str, rendered: &str) -> Option<&'static str> {
    Some(match code {
        "E0277" if rendered.contains("cannot be sent between threads") => {
            "A value that crosses to another thread must be `Send`; `Rc`, `RefCell` references and \
             `MutexGuard` are not. Use `Arc` where you have `Rc`, and keep guards on the thread that locked."
        }
        "E0277" if rendered.contains("cannot be shared between threads") => {
            "A value that several threads look at must be `Sync`; `Cell` and `RefCell` are not. Put it \
             behind a `Mutex`, an `RwLock` or an atomic."
        }
        "E0373" => {
            "The new thread may outlive this function, so it may not borrow from it. Write `move` \
             before the closure to give it the values, or use `thread::scope` to lend them."
        }
        "E0382" => {
            "The value has moved away: to a thread, into a channel, or into another variable. Use it \
             before it leaves, let the other side send it back, or clone an `Arc` first."
        }
        "E0499" | "E0502" => {
            "Somebody already borrows this for writing. Two threads, or a thread and you, would hold \
             the same data: split it (`chunks_mut`, `split_at_mut`), or put a `Mutex` around it."
        }
        "E0505" | "E0506" => {
            "The value is still lent out here: end the borrow (a guard, a slice, a scope) before you \
             move or change it."
        }
        "E0507" => {
            "You cannot take a value out of something you only borrow. `Option::take` or \
             `mem::take` leave something behind; joining a handle needs the handle itself."
        }
        "E0597" => {
            "The borrowed value is gone before the thread that uses it can be sure to end. \
             `thread::scope` waits for its threads; `Arc` lets each of them own a share."
        }
        "E0716" => {
            "A temporary value is dropped at the end of its statement, and with it the lock it holds \
             or the data it lends. Give it a name with `let`, so that it lives as long as you need it."
        }
        "E0521" => {
            "A borrowed argument would leave the function with the new thread. Take it by value, or \
             take an `Arc`, or run the thread inside `thread::scope`."
        }
        _ => return None,
    })
}
