"""Pages of sales."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from kintsugi.sales import forms_contract as contract
from kintsugi.sales import forms_order as order
from kintsugi.sales.pages_contract import CONTRACT_PAGE, VERSION_PAGE
from kintsugi.sales.pages_order import CONFIRMATION, ORDER_PAGE
from kintsugi.sales.screens import CONTRACTS, ORDERS, PRICES
from kintsugi.sales.selectors.orders import TABS


class ToDoConverter(StringConverter):
    """What is to be done with orders."""

    regex = "|".join(TABS)


register_converter(ToDoConverter, "sales_to_do")

app_name = "sales"
ORDER = "orders/<uuid:pk>/"
CONTRACT = "contracts/<uuid:pk>/"
urlpatterns = [
    path("orders/", ORDERS.as_view(), name="orders"),
    path("orders/to-do/<sales_to_do:todo>/", ORDERS.as_view(), name="orders-to-do"),
    path("orders/new/", order.TAKE.as_view(), name="take-order"),
    path(ORDER, ORDER_PAGE.as_view(), name="order"),
    path(f"{ORDER}confirmation/", CONFIRMATION.as_view(), name="confirmation"),
    path(f"{ORDER}change/", order.CHANGE.as_view(), name="change-order"),
    path(f"{ORDER}reduce/", order.REDUCE.as_view(), name="reduce-order"),
    path(f"{ORDER}submit/", order.SUBMIT.as_view(), name="submit-order"),
    path(f"{ORDER}approve/", order.APPROVE.as_view(), name="approve-order"),
    path(f"{ORDER}send-back/", order.SEND_BACK.as_view(), name="send-back-order"),
    path(f"{ORDER}credit/", order.AGREE_CREDIT.as_view(), name="agree-credit"),
    path(f"{ORDER}choice/", order.AGREE_CHOICE.as_view(), name="agree-choice"),
    path(f"{ORDER}reserve/", order.RESERVE.as_view(), name="reserve-order"),
    path(f"{ORDER}release/", order.RELEASE.as_view(), name="release-order"),
    path(f"{ORDER}cancel/", order.CANCEL.as_view(), name="cancel-order"),
    path(f"{ORDER}hold/", order.HOLD.as_view(), name="hold-order"),
    path(f"{ORDER}resume/", order.RESUME.as_view(), name="resume-order"),
    path(f"{ORDER}close/", order.CLOSE.as_view(), name="close-order"),
    path("contracts/", CONTRACTS.as_view(), name="contracts"),
    path("contracts/new/", contract.WRITE.as_view(), name="write-contract"),
    path(CONTRACT, CONTRACT_PAGE.as_view(), name="contract"),
    path(f"{CONTRACT}versions/<int:no>/", VERSION_PAGE.as_view(), name="contract-version"),
    path(f"{CONTRACT}change/", contract.VARY.as_view(), name="vary-contract"),
    path(f"{CONTRACT}submit/", contract.SUBMIT_CONTRACT.as_view(), name="submit-contract"),
    path(f"{CONTRACT}approve/", contract.APPROVE_CONTRACT.as_view(), name="approve-contract"),
    path(f"{CONTRACT}refuse/", contract.REFUSE_CONTRACT.as_view(), name="refuse-contract"),
    path(f"{CONTRACT}drop/", contract.DROP_VARIATION.as_view(), name="drop-variation"),
    path(f"{CONTRACT}end/", contract.END_CONTRACT.as_view(), name="end-contract"),
    path("prices/", PRICES.as_view(), name="prices"),
    path("prices/new/", contract.SET_PRICE.as_view(), name="set-price"),
    path("prices/<uuid:pk>/end/", contract.END_PRICE.as_view(), name="end-price"),
]
