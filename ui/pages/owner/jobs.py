"""The pages of jobs."""

from ui.job_feed import JobFeed
from ui.pages.owner import job_new, job_page, jobs_board, jobs_list


def install(feed: JobFeed) -> None:
    jobs_board.install(feed)
    jobs_list.install(feed)
    job_new.install()
    job_page.install(feed)  # the last, because its address fits all below /jobs
