# The service without the trial database: LEDGER_DATABASE_URL names a real Postgres.
FROM python:3.11-slim AS build
RUN python -m venv /opt/ledger/venv
COPY requirements-image.lock /tmp/
RUN /opt/ledger/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
      --require-hashes --only-binary :all: -r /tmp/requirements-image.lock
COPY alembic.ini LICENSE /opt/ledger/
COPY alembic /opt/ledger/alembic
COPY app /opt/ledger/app
COPY demo /opt/ledger/demo
RUN /opt/ledger/venv/bin/python -m compileall -q /opt/ledger/app /opt/ledger/alembic

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin ledger \
 && install -d -o ledger -g ledger -m 0700 /var/lib/inspection-ledger
COPY --from=build /opt/ledger /opt/ledger
WORKDIR /opt/ledger
ENV PATH=/opt/ledger/venv/bin:$PATH \
    PYTHONUTF8=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LEDGER_HOST=0.0.0.0 \
    LEDGER_DATA_DIR=/var/lib/inspection-ledger
USER 10001
EXPOSE 8000
VOLUME /var/lib/inspection-ledger
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "-c", \
  "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('LEDGER_PORT', '8000') + '/health/ready')"]
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve"]
