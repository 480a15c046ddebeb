# syntax=docker/dockerfile:1
# The application for all its processes: web, worker, beat, pulse, and commands. See docs/how-to/install.md.
ARG PYTHON=python:3.11-slim-trixie

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev libpq-dev \
 && rm -rf /var/lib/apt/lists/*
RUN python -m venv /venv
COPY requirements-production.txt /build/
# The driver alone is compiled, against the libpq that the system keeps up to date.
RUN /venv/bin/pip install --require-hashes --only-binary :all: --no-binary psycopg2 \
        -r /build/requirements-production.txt \
 && /venv/bin/pip uninstall -y pip
WORKDIR /app
COPY . /app/
# Settings want to know where servers are; nothing here speaks to one.
RUN SECRET_KEY=build ENCRYPTION_KEYS=build DATABASE_URL=postgres://build@build/build REDIS_URL=redis://build \
    STATIC_ROOT=/app/collected CONNEX_HOME=/tmp/build \
    /venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
 && /venv/bin/python -m compileall -q /app

FROM ${PYTHON}
LABEL org.opencontainers.image.title="Connex" \
      org.opencontainers.image.description="Self-hosted customer management for VoIP carriers" \
      org.opencontainers.image.licenses="Apache-2.0"
# libpq for the driver, pg_dump and pg_restore for backups: not older than the server of docker-compose.yml.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libpq5 postgresql-client-17 \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 connex \
 && useradd --uid 10001 --gid connex --home-dir /nonexistent --no-create-home --shell /usr/sbin/nologin connex \
 && install -d -o connex -g connex -m 0700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
# The commit, for backups and bug reports: --build-arg CONNEX_REVISION=$(git rev-parse HEAD)
ARG CONNEX_REVISION=
ENV PATH=/venv/bin:$PATH \
    CONNEX_REVISION=$CONNEX_REVISION \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=connexcs_admin.settings \
    CONNEX_HOME=/data \
    STATIC_ROOT=/app/collected \
    WEB_BIND=0.0.0.0 \
    PORT=8000 \
    LOG_FORMAT=json
WORKDIR /app
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["python", "-m", "gunicorn", "--config", "python:connexcs_admin.gunicorn", "connexcs_admin.wsgi"]
