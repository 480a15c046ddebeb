"""Settings of one installation. Everything that differs between machines comes from the environment;
`.env.example` lists every variable with its meaning and unit."""

from datetime import timedelta
from pathlib import Path

import pgtrigger
from celery.schedules import crontab
from csp.constants import NONE, SELF

from connexcs_admin import env, logs

BASE_DIR = Path(__file__).resolve().parent.parent
CONNEX_HOME = env.home()

DEBUG = env.flag("DEBUG", False)
SECRET_KEY = env.text("SECRET_KEY", example="50 or more random characters")
# The first key encrypts stored secrets (setup/secrets.py), all decrypt.
ENCRYPTION_KEYS = env.listed("ENCRYPTION_KEYS", example="32 or more random characters")
PORT = env.whole("PORT", 8000, low=1, high=65535)
HTTPS = env.flag("HTTPS", False)

# --- Hosts -----------------------------------------------------------------------------------------
# Staff hosts are named here, portal hosts are rows of setup.PortalDomain. users.middleware.SiteMiddleware
# runs first and refuses every other host, so Django's own list stays open.
STAFF_HOSTS = env.words("STAFF_HOSTS", "localhost,127.0.0.1,[::1]")
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "connexcs_admin.urls"
PORTAL_URLCONF = "portal.urls"
WSGI_APPLICATION = "connexcs_admin.wsgi.application"
# A web request that waits longer than this for a lock or a query is a fault, not patience. Migrations,
# repairs and the pulse may take as long as the data asks for.
WEB_STATEMENT_TIMEOUT_S = 60

INSTALLED_APPS = [
    "connexcs_admin",
    "portal",
    "billing",
    "calls",
    "routing",
    "carriers",
    "messaging",
    "contacts",
    "customers",
    "imports",
    "audit",
    "users",
    "setup",
    "grids",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "pghistory",
    "pgtrigger",
    "django_htmx",
    "django_tables2",
    "django_filters",
    "csp",
    "import_export",
    "connexcs_admin.back_door_app.BackDoorConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "connexcs_admin.middleware.RequestIdMiddleware",
    "connexcs_admin.metrics.MetricsMiddleware",
    "connexcs_admin.health.doors.HealthMiddleware",
    "connexcs_admin.tls.AskMiddleware",
    "users.middleware.SiteMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "users.middleware.KindMiddleware",
    "connexcs_admin.middleware.SignInMiddleware",
    "users.middleware.SecondFactorMiddleware",
    "audit.middleware.WhoMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "portal.middleware.PortalMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "users.middleware.SeenMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["connexcs_admin.templatetags.look"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "connexcs_admin.navigation.frame",
                "portal.context.brand",
            ],
        },
    }
]

# --- Data ------------------------------------------------------------------------------------------
DATABASES = {
    "default": {
        **env.database(),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        # pgtrigger asks for its setting once per changed row; where it was never set, the error it then has
        # to catch costs up to 1 ms a row (measured: 20,000 customers by COPY 17 s, with it set 3 s).
        "OPTIONS": {"options": "-c timezone=UTC -c pgtrigger.ignore={}"},
    }
}
REDIS_URL = env.redis()
# Backups lie beside the data folder's other things unless told otherwise; another disk is better.
BACKUP_DIR = env.text("BACKUP_DIR", str(CONNEX_HOME / "backups"))
PG_BIN = env.text("PG_BIN", "")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# One history row per changed row, written once per statement, never changed afterwards.
PGHISTORY_LEVEL = pgtrigger.Statement
PGHISTORY_APPEND_ONLY = True

# --- People ----------------------------------------------------------------------------------------
AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["users.backends.SiteBackend"]
# auth.W004: User.email is unique without case, by a constraint that this check does not read.
# security.W005, W021: HSTS speaks for our own hosts only, see SECURE_HSTS_INCLUDE_SUBDOMAINS.
SILENCED_SYSTEM_CHECKS = ["auth.W004", "security.W005", "security.W021"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "users.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
# allauth counts requests at the sign-in page; failures are counted by users/throttle.py, which slows
# instead of locking. Its own limits on failures are therefore off.
ACCOUNT_RATE_LIMITS = {"login_failed": ""}
# What is dangerous is done by somebody who signed in or confirmed at most this long ago.
ACCOUNT_REAUTHENTICATION_TIMEOUT = env.whole("CONFIRM_AFTER_MINUTES", 5, low=1, high=720, unit="minutes") * 60
# "required" leads staff who have only a password to add a second factor, before anything else opens.
STAFF_SECOND_FACTOR = env.choice("STAFF_SECOND_FACTOR", "optional", legal=("optional", "required"))
MFA_ADAPTER = "users.factors.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# A code of the step before or after counts too: clocks differ, and typing takes time.
MFA_TOTP_TOLERANCE = 1
MFA_RATE_LIMITS = {"webauthn_login": "30/m/ip"}
# How many proxies of ours stand in front and write X-Forwarded-For and X-Request-ID; 0 believes nobody.
ALLAUTH_TRUSTED_PROXY_COUNT = env.whole("TRUSTED_PROXIES", 0, low=0, high=9, unit="proxies")
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_COOKIE_NAME = "connex_session"
CSRF_COOKIE_NAME = "connex_csrf"

# --- Safety ----------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if HTTPS else 0
# Portal hosts belong to customers: what else lives below or beside them is not ours to decide.
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = False
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# A form never needs more; the switch's own doors have SWITCH_BODY_MAX_BYTES.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# --- Words, time, files ----------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.folder("STATIC_ROOT", CONNEX_HOME / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "connexcs_admin.static_files.BundledStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG

# --- Long work -------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
HEARTBEAT_SECONDS = env.whole("HEARTBEAT_SECONDS", 15, low=1, high=300, unit="seconds")
QUEUE_STALE_SECONDS = env.whole("QUEUE_STALE_SECONDS", 300, low=5, high=86_400, unit="seconds")
CELERY_BEAT_SCHEDULE = {
    # Beat and worker prove themselves by it. A worker that was away does not do those it missed.
    "heartbeat": {
        "task": "connexcs_admin.heartbeat",
        "schedule": HEARTBEAT_SECONDS,
        "options": {"expires": 4 * HEARTBEAT_SECONDS},
    },
    # Partitions are made days ahead, so that a beat that was down over midnight costs nothing.
    "make-cdr-partitions": {"task": "calls.make_partitions", "schedule": crontab(minute="17")},
    # 48 h of minute buckets are read; older ones only slow the fold.
    "drop-old-minutes": {"task": "calls.drop_old_minutes", "schedule": crontab(minute="29")},
    # A round that no worker took before the next one is of no use any more.
    "run-delayed": {
        "task": "customers.run_delayed",
        "schedule": timedelta(seconds=5),
        "options": {"expires": 5},
    },
    # Storing the end of a penalty is bookkeeping: effective_status(at) is right without it.
    "end-penalties": {"task": "customers.end_penalties", "schedule": crontab()},
    "send-mails": {"task": "messaging.send_due", "schedule": crontab()},
    "forget-uploads": {"task": "imports.forget_expired", "schedule": crontab(minute="47")},
    "clear-sessions": {"task": "users.clear_sessions", "schedule": crontab(hour="3", minute="41")},
}

# --- The product -----------------------------------------------------------------------------------
GRID_POLL_SECONDS = env.whole("GRID_POLL_SECONDS", 3, low=1, high=60, unit="seconds")
PULSE_TICK_MS = env.whole("PULSE_TICK_MS", 1000, low=200, high=10_000, unit="milliseconds")
FEED_STALE_SECONDS = env.whole("FEED_STALE_SECONDS", 10, low=3, high=3600, unit="seconds")
DISK_FREE_MIN_MB = env.whole("DISK_FREE_MIN_MB", 500, low=0, high=10_000_000, unit="megabytes")
CDR_KEEP_DAYS = env.whole("CDR_KEEP_DAYS", 92, low=2, high=3660, unit="days")
FIGURES_KEEP_DAYS = env.whole("FIGURES_KEEP_DAYS", 1100, low=2, high=36_600, unit="days")
IMPORT_MAX_BYTES = env.whole("IMPORT_MAX_MB", 200, low=1, high=2000, unit="megabytes") * 1_000_000
SWITCH_BODY_MAX_BYTES = env.whole("SWITCH_BODY_MAX_MB", 16, low=1, high=1024, unit="megabytes") * 1024 * 1024

# --- Mail -------------------------------------------------------------------------------------------
# Django's own mail settings are not used: messaging/transports/smtp.py has to know what a failure means.
SMTP_URL = env.smtp()
MAIL_FROM = env.mailbox("MAIL_FROM", "no-reply@localhost")

# --- Words to the operator --------------------------------------------------------------------------
LOG_FORMAT = env.choice("LOG_FORMAT", "line", legal=("line", "json"))
LOGGING = logs.configuration(
    LOG_FORMAT, env.choice("LOG_LEVEL", "INFO", legal=("DEBUG", "INFO", "WARNING", "ERROR"))
)
METRICS = env.flag("METRICS", False)
METRICS_TOKEN = env.text("METRICS_TOKEN", "")
