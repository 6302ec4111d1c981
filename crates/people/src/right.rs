//! What may be done, and by whom: the one table of it.

use crate::role::Role;

macro_rules! rights {
    ($($(#[$doc:meta])* $right:ident: $($role:ident)*;)*) => {
        /// Something that may be seen or done at a place.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Right {
            $($(#[$doc])* $right,)*
        }

        impl Right {
            /// All of them.
            pub const ALL: &[Right] = &[$(Right::$right),*];

            /// Which roles have it.
            pub const fn roles(self) -> &'static [Role] {
                match self {
                    $(Right::$right => &[$(Role::$role),*],)*
                }
            }
        }
    };
}

rights! {
    /// To see lessons, the timetable, schools and pairs.
    SeeLessons: Teacher SchoolIt SchoolLeader Adviser Inspector County City Province Administrator;
    /// To see progress to targets, results, agreements.
    SeeProgress: Teacher SchoolLeader Adviser Inspector County City Province Administrator;
    /// To start or join a lesson of the own school as its teacher.
    Teach: Teacher;
    /// To look on at a lesson.
    LookOn: SchoolLeader Adviser Inspector County City Province;
    /// To confirm who was there.
    ConfirmAttendance: Teacher SchoolLeader;
    /// To see pupils by name, and have them erased.
    SeePupils: Teacher SchoolLeader;
    /// To ask the partner school for another time, and to answer it.
    ChangeTime: Teacher SchoolLeader County;
    /// To say that a lesson is counted wrongly.
    Dispute: Teacher SchoolLeader County;
    /// To rule on what is disputed.
    Rule: County;
    /// To enter schools, pairs, agreements, terms, bells and the timetable, also from spreadsheets.
    Enter: County Administrator;
    /// To plan and withdraw single lessons and weekly ones of the own school's pairs.
    Plan: SchoolLeader County;
    /// To see machines, their state and the reports of their tests.
    SeeMachines: SchoolIt SchoolLeader Inspector County City Province Administrator;
    /// To enrol machines and to revoke them.
    Enrol: SchoolIt County Administrator;
    /// To have a school's machine test itself.
    SelfTest: SchoolIt Inspector County Administrator;
    /// To inspect two schools.
    Inspect: Inspector County;
    /// To see score sheets, monthly reports and who is behind.
    SeeStanding: SchoolLeader Adviser Inspector County City Province;
    /// To lay an imported 大课表 beside what is known, and settle the differences.
    Reconcile: County;
    /// To make, change and end accounts, as far as the own role appoints theirs.
    ManagePeople: SchoolLeader County City Province Administrator;
    /// To read who did what.
    ReadAudit: County City Province Administrator;
    /// To set up what this system works with: sign-in by others, webhooks, tokens of programs.
    Configure: Administrator;
}

impl Role {
    /// Whether whoever is this has a right, within the place that they are it at.
    pub fn has(self, right: Right) -> bool {
        right.roles().contains(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_right_is_somebodys_and_every_role_sees_lessons() {
        assert!(Right::ALL.iter().all(|right| !right.roles().is_empty()));
        assert!(Role::ALL.iter().all(|role| role.has(Right::SeeLessons)));
    }

    #[test]
    fn pupils_names_stay_in_their_school() {
        let who: Vec<Role> = Role::ALL.into_iter().filter(|role| role.has(Right::SeePupils)).collect();
        assert_eq!(who, [Role::Teacher, Role::SchoolLeader]);
    }

    #[test]
    fn whoever_manages_people_appoints_somebody_and_nobody_else_does() {
        for role in Role::ALL {
            let appoints = Role::ALL.into_iter().any(|other| role.appoints(other));
            assert_eq!(appoints, role.has(Right::ManagePeople), "{role}");
        }
    }
}
