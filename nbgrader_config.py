"""Settings of nbgrader: solutions/ is the source, exercises/ the release, everything else lives under build/grading/."""

c = get_config()  # noqa: F821  nbgrader calls this file with get_config defined

c.CourseDirectory.course_id = "kdtutor"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = "build/grading/submitted"
c.CourseDirectory.autograded_directory = "build/grading/autograded"
c.CourseDirectory.feedback_directory = "build/grading/feedback"
c.CourseDirectory.db_url = "sqlite:///build/grading/gradebook.db"
c.Execute.timeout = 60  # seconds a cell
c.Execute.shutdown_kernel = "immediate"  # a third faster, and no exit handlers of a submission run
