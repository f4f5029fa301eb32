"""Settings of nbgrader: solutions/ is the source, exercises/ the release, everything else lives under grading/."""

c = get_config()  # noqa: F821  nbgrader calls this file with get_config defined

c.CourseDirectory.course_id = "kdtutor"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.feedback_directory = "grading/feedback"
c.CourseDirectory.db_url = "sqlite:///grading/gradebook.db"
# "Validate" runs a notebook in a kernel of its own
c.Execute.timeout = 60  # seconds a cell
# the Formgrader's own feedback page must not show hidden tests either
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "grader.feedback.HideTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
