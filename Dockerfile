# PitPilot as a container. By itself it runs its own PostgreSQL and broker in /data; compose.yaml gives it better ones.
# Written and checked without a container engine: not built yet by those who wrote it.

FROM python:3.11-slim-bookworm AS packages
WORKDIR /app
COPY requirements/run.lock requirements/
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes --requirement requirements/run.lock

# Fonts and catalogues. What this needs besides (npm) stays in this stage.
FROM packages AS assets
COPY requirements/node.lock requirements/
RUN /venv/bin/pip install --no-cache-dir --require-hashes --requirement requirements/node.lock
COPY . .
RUN /venv/bin/python -m tools.assets && rm -r node_modules

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin pitpilot \
    && install -d -o pitpilot -g pitpilot -m 0700 /data \
    # What compose.yaml's broker reads: its user's group (1883) may read what PitPilot writes there, others nothing.
    && install -d -o pitpilot -g 1883 -m 2750 /rights
COPY --from=packages /venv /venv
COPY --from=assets /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PITPILOT_DATA=/data \
    PITPILOT_HOST=0.0.0.0 \
    PITPILOT_LOG_FORMAT=json \
    NICEGUI_STORAGE_PATH=/data/nicegui
USER 10001:10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["python", "main.py"]
