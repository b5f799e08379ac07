//! A test for each shell.

/// Makes a test of each function for each shell: `mod bash { #[test] fn NAME() }` and so on.
macro_rules! in_each_shell {
    ($($test:ident)*) => {
        $crate::support::each_shell::in_shell! { bash Bash $($test)* }
        $crate::support::each_shell::in_shell! { zsh Zsh $($test)* }
        $crate::support::each_shell::in_shell! { fish Fish $($test)* }
    };
}

/// The same for one shell.
macro_rules! in_shell {
    ($module:ident $shell:ident $($test:ident)*) => {
        mod $module {
            $(#[test]
            fn $test() {
                super::$test($crate::support::Shell::$shell);
            })*
        }
    };
}

pub(crate) use {in_each_shell, in_shell};
