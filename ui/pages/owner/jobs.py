"""The pages of jobs, and the settings of the workshop."""

from ui.job_feed import JobFeed
from ui.pages.owner import job_new, job_page, jobs_board, jobs_calendar, jobs_list, workshop


def install(feed: JobFeed) -> None:
    jobs_board.install(feed)
    jobs_list.install(feed)
    jobs_calendar.install(feed)
    job_new.install()
    workshop.install()
    job_page.install(feed)  # the last, because its address fits all below /jobs
